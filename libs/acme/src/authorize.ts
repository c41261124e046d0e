import * as z from "zod";
import type { AccountContext } from "./account-context.ts";
import { AcmeError, unreadable } from "./acme-error.ts";
import type { HttpAnswer } from "./exchange.ts";
import { whenDecided, type Order } from "./order.ts";
import { poll, type Look } from "./patience.ts";
import { problemSchema, type NameFailure, type Problem } from "./problem.ts";
import { readAnswer } from "./read-answer.ts";
import { listFailures } from "./refusal.ts";
import { retryAfter } from "./retry-after.ts";

/** What the authority wants to find at `http://NAME/.well-known/acme-challenge/TOKEN`; RFC 8555 section 8.3. */
export interface HttpChallenge {
  name: string;
  /** Letters, digits, `-` and `_` alone: safe as a file name. */
  token: string;
  /** The whole content of the answer. */
  keyAuthorization: string;
}

/** Puts answers where the authority finds them. What it throws ends the order's work and is thrown on as it is. */
export interface Challenges {
  /** Called before the authority is told to look. */
  place(challenge: HttpChallenge): Promise<void> | void;
  /** Called once for each that was placed, whatever came of it, an abort included. */
  remove(challenge: HttpChallenge): Promise<void> | void;
}

const challengeSchema = z.object({
  type: z.string(),
  url: z.string().optional(),
  token: z.string().optional(),
  status: z.string().optional(),
  error: problemSchema.optional(),
});
const authorizationSchema = z.object({
  identifier: z.object({ type: z.string(), value: z.string() }),
  status: z.string(),
  wildcard: z.boolean().optional(),
  challenges: z.array(challengeSchema),
});
type Authorization = z.infer<typeof authorizationSchema>;

const readChallenge = (answer: HttpAnswer) => readAnswer(challengeSchema, answer);

/** As RFC 8555 section 8.3 has it. It becomes a file name, so that nothing else may pass. */
const TOKEN = /^[\w-]{1,200}$/;

/** Proves every name of the order that is not proven yet. All are tried, so that each one that fails is told. */
export async function authorize(
  context: AccountContext,
  order: Order,
  challenges: Challenges,
  signal: AbortSignal,
): Promise<Order> {
  const work = order.authorizations.map((url) => proveName(context, url, challenges, signal));
  const results = await Promise.allSettled(work);
  const broken = results.find((result) => result.status === "rejected");
  if (broken) throw broken.reason;
  const failures = results.flatMap((result) => (result.status === "fulfilled" && result.value ? [result.value] : []));
  if (failures.length > 0) throw validationFailed(failures, order);
  return whenDecided(context, order, signal);
}

/** Why the name could not be proven; undefined when it is. */
async function proveName(
  context: AccountContext,
  url: string,
  challenges: Challenges,
  signal: AbortSignal,
): Promise<NameFailure | undefined> {
  const first = await lookAt(context, url, signal);
  if (first.value.status !== "pending") return outcome(first.value);
  const found = httpChallenge(first.value);
  if (found === undefined) return noHttpChallenge(first.value);
  const { token = "", url: challengeUrl = "" } = found;
  if (!TOKEN.test(token)) throw unreadable(url, "its challenge has no proper token");
  const challenge = { name: first.value.identifier.value, token, keyAuthorization: `${token}.${context.thumbprint}` };
  try {
    await challenges.place(challenge);
    if (found.status !== "processing") await askToLook(context, url, challengeUrl, signal);
    return outcome(await whenValidated(context, url, signal));
  } finally {
    await challenges.remove(challenge);
  }
}

const httpChallenge = ({ challenges }: Authorization) => challenges.find(({ type }) => type === "http-01");

async function askToLook(
  context: AccountContext,
  url: string,
  challengeUrl: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await context.send({ url: challengeUrl, payload: {}, read: readChallenge, signal });
  } catch (error) {
    // A request that was repeated after a lost answer finds the validation on its way, which an authority may call malformed.
    if (!(error instanceof AcmeError) || error.problem?.type !== "malformed") throw error;
    const { value } = await lookAt(context, url, signal);
    if (httpChallenge(value)?.status === "pending") throw error;
  }
}

async function whenValidated(context: AccountContext, url: string, signal: AbortSignal): Promise<Authorization> {
  const look = () => lookAt(context, url, signal);
  const isDone = ({ status }: Authorization) => status !== "pending";
  const { value } = await poll(await look(), look, { isDone, signal, patience: context.patience });
  return value;
}

async function lookAt(
  { send, patience }: AccountContext,
  url: string,
  signal: AbortSignal,
): Promise<Look<Authorization>> {
  const read = (answer: HttpAnswer) => ({
    value: readAnswer(authorizationSchema, answer),
    retryAt: retryAfter(answer.headers, patience.now()),
  });
  return send({ url, payload: "", read, signal });
}

function outcome(authorization: Authorization): NameFailure | undefined {
  if (authorization.status === "valid") return undefined;
  const problem = authorization.challenges.find(({ error }) => error !== undefined)?.error;
  return failureOf(authorization, problem ?? unexplained(authorization.status));
}

const failureOf = ({ identifier }: Authorization, { type, detail }: Pick<Problem, "type" | "detail">): NameFailure => ({
  name: identifier.value,
  type,
  detail,
});

const unexplained = (status: string) => ({
  type: status,
  detail: status === "pending" ? "the authority has not looked in time" : `the authority calls it ${status}`,
});

function noHttpChallenge(authorization: Authorization): NameFailure {
  const types = authorization.challenges.map(({ type }) => type).join(", ");
  return failureOf(authorization, {
    type: "noHttpChallenge",
    detail: `the authority takes only ${types || "nothing"} for it`,
  });
}

/** What mends the usual failures; RFC 8555 section 6.7 names them. */
const REMEDIES: Record<string, string> = {
  dns: "Correct the DNS records of these names.",
  connection: "Let port 80 of this host be reached from the internet, over IPv6 too where the name has an AAAA record.",
  unauthorized: "Let these names point to this host alone, over IPv4 and IPv6; another server answered.",
  incorrectResponse: "Let these names point to this host alone, over IPv4 and IPv6; another server answered.",
  caa: "Let the CAA record of these names permit this certificate authority.",
  tls: "Correct or remove the redirect to HTTPS of the challenge path.",
  noHttpChallenge: "Give the names one by one; a wildcard cannot be proven over HTTP.",
};

function validationFailed(failures: NameFailure[], { authorizations, url }: Order): AcmeError {
  const remedies = new Set(failures.map(({ type }) => REMEDIES[type] ?? "Mend what the certificate authority says."));
  const count = `${failures.length} of ${authorizations.length} names`;
  return new AcmeError(
    "ACME_VALIDATION_FAILED",
    `The certificate authority could not validate ${count}: ${listFailures(failures)}`,
    {
      remedy: [...remedies].join(" "),
      failures,
      orderUrl: url,
    },
  );
}
