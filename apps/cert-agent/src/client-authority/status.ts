import type { Failure } from "@appliance/errors";
import type { ClientCertificate } from "@appliance/jobs";
import type { Authority } from "./authority-store.ts";
import type { Context } from "./context.ts";
import type { Crl } from "./crl.ts";
import { keyLost } from "./list-keeper.ts";
import { isValid } from "./register.ts";

const DAY_MS = 86_400_000;

/** Time to give everybody a new certificate; those of most people are replaced within it anyway. */
const ENDS_SOON_MS = 365 * DAY_MS;

/** Instants as ISO 8601. */
export interface AuthorityStatus {
  serial: string;
  validFrom: string;
  validUntil: string;
  /** New certificates come from it. */
  issuing: boolean;
  /** Its revocation list in service; null when there is none that is good. */
  crl: { number: string; thisUpdate: string; nextUpdate: string; revoked: number } | null;
  /** Certificates of it that work now. */
  validCertificates: number;
}

export interface ClientAuthorityStatus {
  /** Oldest first; two during a rollover. */
  authorities: AuthorityStatus[];
  certificates: { issued: number; valid: number; revoked: number; expired: number };
  /** When the authority that issues ends; null when there is none. Metric `ca_valid_until`. */
  validUntil: string | null;
  /** When the first revocation list ends; null when there is none. Metric `crl_next_update`. */
  crlNextUpdate: string | null;
  problems: Failure[];
}

/** As `ClientAuthority.status`. */
export async function readStatus(context: Context, signal: AbortSignal): Promise<ClientAuthorityStatus> {
  const { deps, store, lists, register } = context;
  const [now, stored, { certificates, damaged }] = [deps.now(), await store.read(), await register.read()];
  const authorities: AuthorityStatus[] = [];
  const problems = [...damagedFolders(stored.damaged), ...damagedLines(damaged.length)];
  for (const authority of stored.authorities) {
    const crl = (await lists.present(authority, signal))?.crl ?? null;
    const why = await store.whyUnableToSign(authority);
    const issuing = authority === stored.authorities.at(-1);
    authorities.push(describe(authority, crl, issuing, certificates, now));
    if (why !== null) problems.push(keyLost(authority, why));
    problems.push(...endings(authority, issuing, now), ...listProblems(authority, crl, now));
  }
  return {
    authorities,
    certificates: count(certificates, now),
    validUntil: authorities.at(-1)?.validUntil ?? null,
    crlNextUpdate: authorities.flatMap(({ crl }) => crl?.nextUpdate ?? []).toSorted()[0] ?? null,
    problems: problems.map(({ code, message, remedy }) => ({ code, message, remedy })),
  };
}

function describe(
  { serial, certificate }: Authority,
  crl: Crl | null,
  issuing: boolean,
  certificates: readonly ClientCertificate[],
  now: Date,
): AuthorityStatus {
  return {
    serial,
    validFrom: certificate.validFromDate.toISOString(),
    validUntil: certificate.validToDate.toISOString(),
    issuing,
    crl: crl && {
      number: String(crl.number),
      thisUpdate: crl.thisUpdate.toISOString(),
      nextUpdate: (crl.nextUpdate ?? crl.thisUpdate).toISOString(),
      revoked: crl.revoked.size,
    },
    validCertificates: certificates.filter((one) => one.authority === serial && isValid(one, now)).length,
  };
}

function count(certificates: readonly ClientCertificate[], now: Date): ClientAuthorityStatus["certificates"] {
  const valid = certificates.filter((one) => isValid(one, now)).length;
  const revoked = certificates.filter(({ revokedAt }) => revokedAt !== null).length;
  return { issued: certificates.length, valid, revoked, expired: certificates.length - valid - revoked };
}

const ROLL_OVER = "Begin a new authority with: appliance cert ca rollover, and give everybody a new certificate.";

function endings({ serial, certificate }: Authority, issuing: boolean, now: Date): Failure[] {
  const [begin, end] = [certificate.validFromDate, certificate.validToDate];
  const name = `The client certificate authority ${serial}`;
  if (end <= now)
    return [{ code: "CLIENT_CA_ENDED", message: `${name} ended at ${end.toISOString()}.`, remedy: ROLL_OVER }];
  if (begin > now) {
    const message = `${name} is valid only from ${begin.toISOString()}.`;
    return [{ code: "CLIENT_CA_NOT_YET_VALID", message, remedy: `Look at the clock of the host. ${ROLL_OVER}` }];
  }
  if (!issuing || end.getTime() - now.getTime() > ENDS_SOON_MS) return [];
  return [{ code: "CLIENT_CA_ENDS_SOON", message: `${name} ends at ${end.toISOString()}.`, remedy: ROLL_OVER }];
}

function listProblems({ serial }: Authority, crl: Crl | null, now: Date): Failure[] {
  const current = crl !== null && crl.nextUpdate !== null && crl.nextUpdate > now && crl.thisUpdate <= now;
  if (current) return [];
  return [
    {
      code: "CLIENT_CRL_MISSING",
      message: `The client certificate authority ${serial} has no revocation list that is valid now, so its certificates are refused.`,
      remedy: "Have it made again with: appliance cert client crl",
    },
  ];
}

const damagedFolders = (folders: readonly string[]): Failure[] =>
  folders.map((folder) => ({
    code: "CLIENT_CA_DAMAGED",
    message: `${folder} holds no certificate that can be read, so the certificates of that authority are refused.`,
    remedy: `Bring the folder back from the backup. If there is none: ${ROLL_OVER}`,
  }));

const damagedLines = (lines: number): Failure[] =>
  lines === 0
    ? []
    : [
        {
          code: "CLIENT_REGISTER_DAMAGED",
          message: `${lines} lines of the register of client certificates cannot be read.`,
          remedy: "Bring register.jsonl back from the backup. What is revoked stays revoked.",
        },
      ];
