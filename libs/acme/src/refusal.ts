import { AcmeError, hostOf } from "./acme-error.ts";
import type { HttpAnswer } from "./exchange.ts";
import { failuresIn, readProblem, type NameFailure, type Problem } from "./problem.ts";
import { retryAfter } from "./retry-after.ts";

interface Kind {
  code: string;
  remedy: string;
}

const NAMES_REFUSED: Kind = {
  code: "ACME_NAMES_REFUSED",
  remedy: "Remove the names that the authority does not take from the settings, or mend what it says of them.",
};
const CSR_REFUSED: Kind = {
  code: "ACME_CSR_REFUSED",
  remedy: "Report it with this text: the request for the certificate was wrong.",
};
const CONTACT_REFUSED: Kind = { code: "ACME_CONTACT_REFUSED", remedy: "Correct the mail address of the ACME account." };

/** What the error types of RFC 8555 section 6.7, RFC 9773 and the profiles draft mean to an operator. */
const KINDS: Record<string, Kind> = {
  rateLimited: { code: "ACME_RATE_LIMITED", remedy: "Nothing needs to be done: it is tried again after that time." },
  externalAccountRequired: {
    code: "ACME_BINDING_REQUIRED",
    remedy: "Set the external account binding (key id and HMAC key) that the certificate authority gave you.",
  },
  userActionRequired: {
    code: "ACME_TERMS_CHANGED",
    remedy: "Open the address that the certificate authority names and agree to its terms.",
  },
  accountDoesNotExist: { code: "ACME_ACCOUNT_MISSING", remedy: "Nothing needs to be done: the account is made again." },
  invalidProfile: { code: "ACME_PROFILE_UNKNOWN", remedy: "Choose a profile that the certificate authority offers." },
  alreadyReplaced: { code: "ACME_ALREADY_REPLACED", remedy: "Order without naming the certificate that is replaced." },
  rejectedIdentifier: NAMES_REFUSED,
  unsupportedIdentifier: NAMES_REFUSED,
  caa: NAMES_REFUSED,
  dns: NAMES_REFUSED,
  badCSR: CSR_REFUSED,
  badPublicKey: CSR_REFUSED,
  invalidContact: CONTACT_REFUSED,
  unsupportedContact: CONTACT_REFUSED,
};
const OTHERWISE: Kind = { code: "ACME_REFUSED", remedy: "Mend what the certificate authority says, then try again." };
const SERVER_ERROR: Kind = { code: "ACME_SERVER_ERROR", remedy: "Wait: it is tried again by itself." };
const BUSY: Kind = { code: "ACME_BUSY", remedy: "Nothing needs to be done: it is tried again after that time." };

/** The error that an answer with a status of 400 and above stands for. */
export function refusal(answer: HttpAnswer, now: number): AcmeError {
  const problem = readProblem(answer.body);
  const retryAt = retryAfter(answer.headers, now);
  const { code, remedy } = kindOf(answer, problem, retryAt);
  const when = retryAt === undefined ? "" : ` (not before ${retryAt.toISOString()})`;
  return new AcmeError(code, `${hostOf(answer.url)} refused: ${saidIn(answer, problem)}${when}`, {
    remedy,
    status: answer.status,
    problem,
    retryAt,
    limit: limitIn(answer, problem),
  });
}

function kindOf({ status }: HttpAnswer, problem: Problem | undefined, retryAt: Date | undefined): Kind {
  const ofServer = status >= 500 || problem === undefined;
  if (status === 429) return KINDS["rateLimited"] ?? OTHERWISE;
  if (ofServer && retryAt !== undefined) return BUSY;
  if (status >= 500) return SERVER_ERROR;
  return KINDS[problem?.type ?? ""] ?? OTHERWISE;
}

function saidIn({ status }: HttpAnswer, problem: Problem | undefined): string {
  if (problem === undefined) return `status ${status} and no explanation`;
  const names = listFailures(failuresIn(problem));
  const detail = problem.detail || problem.title || `status ${status}`;
  return `${detail}${names && `: ${names}`} [${problem.type}]`;
}

/** `a.example: no such name (dns); b.example: …` */
export function listFailures(failures: readonly NameFailure[]): string {
  return failures.map(({ name, type, detail }) => `${name}: ${detail} (${type})`).join("; ");
}

/** Let's Encrypt names the limit by the place in its documentation, in the detail or in a link to its help. */
function limitIn({ headers }: HttpAnswer, problem: Problem | undefined): string | undefined {
  if (problem?.type !== "rateLimited") return undefined;
  return /rate-limits\/?#([a-z-]{1,100})/.exec(`${problem.detail} ${String(headers["link"] ?? "")}`)?.[1];
}
