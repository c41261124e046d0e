import { X509Certificate } from "node:crypto";
import type { CertificateSource } from "@appliance/jobs";

/** A private key and its certificate, as nginx reads them. */
export interface KeyedCertificate {
  keyPem: string;
  /** The certificate itself first, then those of its issuers. */
  chainPem: string;
  /** The certificate itself. */
  leaf: X509Certificate;
  source: CertificateSource;
}

/** The first certificate of a PEM text; undefined when it cannot be read. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // what that means, the caller knows
  }
}
