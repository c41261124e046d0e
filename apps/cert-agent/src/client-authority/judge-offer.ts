import type { X509Certificate } from "node:crypto";
import { OperatorError } from "@appliance/errors";
import type { BundledAuthority } from "./client-bundle.ts";

/** An application has one authority, or two while it changes them. */
const MOST_BLOCKS = 16;

const BEGIN = /-----BEGIN ([^-\r\n]{1,40})-----/g;

/**
 * Refuses a file that is not whole PEM of one kind: half-written ones, DER, and those with a key in them, which must not lie there.
 * @throws OperatorError `code`
 */
export function assertPem(text: string, label: "CERTIFICATE" | "X509 CRL", code: string, file: string): void {
  const labels = Array.from(text.matchAll(BEGIN), ([, found = ""]) => found);
  const ends = text.split(`-----END ${label}-----`).length - 1;
  const other = labels.find((found) => found !== label);
  if (other !== undefined) throw refused(code, `${file} holds a block "${other}" beside what belongs there`);
  if (labels.length === 0) throw refused(code, `${file} holds no "${label}" in PEM`);
  if (labels.length !== ends) throw refused(code, `${file} is not whole`);
  if (labels.length > MOST_BLOCKS) throw refused(code, `${file} holds ${labels.length} blocks, at most ${MOST_BLOCKS}`);
}

/** @throws OperatorError `APPLICATION_CA_BROKEN` or `APPLICATION_CA_ENDED` for what cannot be an authority now */
export function assertAuthority(certificate: X509Certificate, now: Date): void {
  const name = `The application's authority ${certificate.serialNumber}`;
  const [begin, end] = [certificate.validFromDate, certificate.validToDate];
  if (!certificate.ca)
    throw refused("APPLICATION_CA_BROKEN", `${name} is no authority: its certificate says that it signs no others`);
  if (end <= now) throw refused("APPLICATION_CA_ENDED", `${name} ended at ${end.toISOString()}`);
  if (begin > now) throw refused("APPLICATION_CA_ENDED", `${name} is valid only from ${begin.toISOString()}`);
}

/**
 * Refuses an authority without a list that is valid now, and a list that is older than the one in service: an old list lets
 * people in again.
 * @throws OperatorError `APPLICATION_CRL_MISSING`, `APPLICATION_CRL_BROKEN`, `APPLICATION_CRL_ENDED` or `APPLICATION_CRL_OLDER`
 */
export function assertList(
  { certificate, list }: BundledAuthority,
  served: readonly BundledAuthority[],
  now: Date,
): void {
  const name = `the application's authority ${certificate.serialNumber}`;
  if (!list) throw refused("APPLICATION_CRL_MISSING", `There is no revocation list that ${name} signed`);
  const { thisUpdate, nextUpdate, number } = list.crl;
  const the = `The revocation list of ${name}`;
  if (nextUpdate === null) throw refused("APPLICATION_CRL_BROKEN", `${the} does not say when it ends`);
  if (nextUpdate <= now) throw refused("APPLICATION_CRL_ENDED", `${the} ended at ${nextUpdate.toISOString()}`);
  if (thisUpdate > now) throw refused("APPLICATION_CRL_ENDED", `${the} is valid only from ${thisUpdate.toISOString()}`);
  const before = served.find((one) => one.certificate.fingerprint256 === certificate.fingerprint256)?.list?.crl;
  if (!before) return;
  if (thisUpdate < before.thisUpdate || (before.number !== null && (number ?? -1n) < before.number))
    throw refused("APPLICATION_CRL_OLDER", `${the} is older than the one in service`);
}

export const refused = (code: string, message: string) =>
  new OperatorError(code, `${message}.`, {
    remedy:
      "Have the application make its certificate authority files again, and look at the clock of the host. " +
      "Until then what was good last stays in service.",
  });
