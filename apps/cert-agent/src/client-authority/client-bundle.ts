import { X509Certificate } from "node:crypto";
import { isSignedBy, readCrlIn, type Crl } from "./crl.ts";
import { withOpenssl, type OpensslDeps } from "./openssl.ts";

/** What nginx checks client certificates with. */
export interface ClientBundle {
  /** Certificates of the authorities that are accepted. */
  caPem: string;
  /** A revocation list of each of them. */
  crlPem: string;
  /** SHA-256 fingerprints of the authorities. */
  authorities: readonly string[];
  /** `FINGERPRINT/SERIAL` of each revoked certificate: two authorities may give the same serial. */
  revoked: ReadonlySet<string>;
  /** When the first of the lists ends, and with it every access by its authority; null where no list names an end. */
  nextUpdate: Date | null;
  /** When the first of the authorities ends. */
  validUntil: Date;
}

/** An authority and the newest list that it signed; null where there is none. */
export interface BundledAuthority {
  certificate: X509Certificate;
  list: { pem: string; crl: Crl } | null;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const LIST = /-----BEGIN X509 CRL-----[\s\S]+?-----END X509 CRL-----/g;

export const certificatesOf = (pem: string) =>
  (pem.match(CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
const listsOf = (pem: string) => (pem.match(LIST) ?? []).map((block) => `${block}\n`);

/**
 * Each authority of `caPem` with its list of `crlPem`. A list belongs to the authority whose key signed it, whatever names are
 * in it; one that none of them signed is left out.
 * @throws Error for a certificate, OperatorError `CRL_BROKEN` for a list that cannot be read
 */
export function matchLists(
  caPem: string,
  crlPem: string,
  deps: OpensslDeps,
  signal: AbortSignal,
): Promise<BundledAuthority[]> {
  return withOpenssl(deps, signal, async (place) => {
    const lists = [];
    for (const pem of listsOf(crlPem)) lists.push({ pem, crl: await readCrlIn(place, pem) });
    lists.sort((a, b) => newestFirst(a.crl, b.crl));
    const authorities: BundledAuthority[] = [];
    for (const certificate of certificatesOf(caPem)) {
      let own: BundledAuthority["list"] = null;
      for (const list of lists) {
        if (!(await isSignedBy(place, list.pem, certificate.toString()))) continue;
        own = list;
        break;
      }
      authorities.push({ certificate, list: own });
    }
    return authorities;
  });
}

const newestFirst = (a: Crl, b: Crl) =>
  Number((b.number ?? 0n) - (a.number ?? 0n)) || b.thisUpdate.getTime() - a.thisUpdate.getTime();

/** The bundle of those authorities that have a list; null when none has. */
export function bundleOf(authorities: readonly BundledAuthority[]): ClientBundle | null {
  const usable = authorities.flatMap(({ certificate, list }) => (list ? [{ certificate, ...list }] : []));
  if (usable.length === 0) return null;
  const ends = usable.flatMap(({ crl }) => (crl.nextUpdate ? [crl.nextUpdate.getTime()] : []));
  return {
    caPem: usable.map(({ certificate }) => certificate.toString()).join(""),
    crlPem: usable.map(({ pem }) => pem).join(""),
    authorities: usable.map(({ certificate }) => certificate.fingerprint256),
    revoked: new Set(usable.flatMap(({ certificate, crl }) => revokedKeys(certificate, crl))),
    nextUpdate: ends.length === 0 ? null : new Date(Math.min(...ends)),
    validUntil: new Date(Math.min(...usable.map(({ certificate }) => certificate.validToDate.getTime()))),
  };
}

const revokedKeys = ({ fingerprint256 }: X509Certificate, { revoked }: Crl) =>
  Array.from(revoked.keys(), (serial) => `${fingerprint256}/${serial}`);

/**
 * What a bundle that is served (or was) holds, as `ClientBundle`; null when there is no authority with a list of its own in it.
 * It is not judged: neither dates nor completeness.
 */
export async function readBundle(caPem: string, crlPem: string, deps: OpensslDeps, signal: AbortSignal) {
  return bundleOf(await matchLists(caPem, crlPem, deps, signal));
}

/** Whether `after` refuses somebody whom `before` let in: then open connections must end. */
export function refusesMore(before: ClientBundle | null, after: ClientBundle | null): boolean {
  if (before === null) return false;
  if (after === null) return true;
  const kept = new Set(after.authorities);
  return (
    !before.authorities.every((one) => kept.has(one)) || [...after.revoked].some((one) => !before.revoked.has(one))
  );
}
