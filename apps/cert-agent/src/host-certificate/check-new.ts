import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { OperatorError } from "@appliance/errors";
import { covers, isIssuedBy, namesOf, type KeyPair } from "./key-pair.ts";
import { lifetimeMs } from "./plan-renewal.ts";

/** Clocks of authorities and hosts differ a little; most authorities date back by an hour. */
const SKEW_MS = 5 * 60_000;

export interface Expected {
  /** All of them must be in the certificate. */
  names: readonly string[];
  /** The one that the same authority gave before. */
  before: X509Certificate | undefined;
  now: Date;
}

/**
 * Judges what an authority delivered, before it is kept.
 * @param chain as delivered, the certificate first
 * @throws OperatorError `CERTIFICATE_REFUSED`
 */
export function checkNew(pair: KeyPair, chain: readonly X509Certificate[], { names, before, now }: Expected): void {
  const { leaf } = pair;
  const missing = names.filter((name) => !covers(leaf, name));
  if (missing.length > 0)
    throw refused(`it has ${namesOf(leaf).join(", ") || "no name"} and not ${missing.join(", ")}`);
  for (const [place, certificate] of chain.entries()) checkLink(certificate, chain[place + 1], now);
  const last = chain.at(-1);
  if (last !== undefined && !fitsKnownRoots(last))
    throw refused("its chain ends below a root whose key did not sign it");
  if (before !== undefined && !isNewer(leaf, before))
    throw refused(`it is not newer than the one that it is to replace (until ${leaf.validToDate.toISOString()})`);
}

function checkLink(certificate: X509Certificate, issuer: X509Certificate | undefined, now: Date): void {
  const { validFromDate, validToDate } = certificate;
  if (!(validFromDate.getTime() <= now.getTime() + SKEW_MS))
    throw refused(`it or an issuer is valid only from ${validFromDate.toISOString()}`);
  if (!(validToDate > now)) throw refused(`it or an issuer ended at ${validToDate.toISOString()}`);
  if (issuer !== undefined && !isIssuedBy(certificate, issuer)) throw refused("its chain is broken");
}

/** A root that this Node does not know is a company's or a test's. */
function fitsKnownRoots(last: X509Certificate): boolean {
  const roots = rootCertificates.map((pem) => new X509Certificate(pem));
  const named = roots.filter(({ subject }) => subject === last.issuer);
  return named.length === 0 || named.some((root) => isIssuedBy(last, root));
}

/**
 * Two of the same second end in the same one. One with a shorter lifetime may end sooner than the one that it replaces: authorities
 * shorten them, and operators do.
 */
function isNewer(leaf: X509Certificate, before: X509Certificate): boolean {
  if (leaf.serialNumber === before.serialNumber) return false;
  if (leaf.validToDate >= before.validToDate) return true;
  return lifetimeMs(leaf) < lifetimeMs(before) && leaf.validFromDate > before.validFromDate;
}

export const refused = (why: string): OperatorError =>
  new OperatorError("CERTIFICATE_REFUSED", `The new certificate is not taken: ${why}.`, {
    remedy:
      "Nothing needs to be done: the present one stays, and it is ordered again. If it stays so, tell the authority.",
  });
