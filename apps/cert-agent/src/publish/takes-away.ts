import { X509Certificate } from "node:crypto";
import type { RunCommand } from "@appliance/command";
import type { ClientBundle } from "./tls-set.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const REVOCATION_LIST = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

/**
 * Whether `after` refuses a certificate that `before` accepts: one more is revoked, or an authority is gone. A connection that
 * was opened with such a certificate has to end, while a list that was only renewed must disturb nobody.
 */
export async function takesAway(
  before: ClientBundle | null,
  after: ClientBundle | null,
  run: RunCommand,
  signal: AbortSignal,
): Promise<boolean> {
  if (!before) return false;
  if (!after || hasMore(authoritiesIn(before), authoritiesIn(after))) return true;
  if (before.crlPem === after.crlPem) return false;
  const [earlier, later] = [await revokedIn(before, run, signal), await revokedIn(after, run, signal)];
  return hasMore(later, earlier);
}

function hasMore(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].some((one) => !others.has(one));
}

function authoritiesIn({ caPem }: ClientBundle): Set<string> {
  return new Set(caPem.match(CERTIFICATE)?.map((pem) => new X509Certificate(pem).fingerprint256));
}

/** Issuer and serial of all that is revoked. A list of 10,000 is read in a fifth of a second. */
async function revokedIn({ crlPem }: ClientBundle, run: RunCommand, signal: AbortSignal): Promise<Set<string>> {
  const revoked = new Set<string>();
  for (const list of crlPem.match(REVOCATION_LIST) ?? []) {
    for (const serial of await serialsIn(list, run, signal)) revoked.add(serial);
  }
  return revoked;
}

/** @see openssl-crl(1), -text */
async function serialsIn(list: string, run: RunCommand, signal: AbortSignal): Promise<string[]> {
  const serials: string[] = [];
  let issuer = "";
  const onLine = (line: string) => {
    issuer ||= /^\s+Issuer: (.*)$/.exec(line)?.[1] ?? "";
    const serial = /^\s+Serial Number: (\S+)$/.exec(line)?.[1];
    if (serial) serials.push(`${issuer} ${serial}`);
  };
  await run("openssl", ["crl", "-noout", "-text"], { input: list, timeoutMs: 30_000, signal, onLine });
  return serials;
}
