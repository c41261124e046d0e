import { X509Certificate, createPrivateKey, type KeyObject } from "node:crypto";
import { isAddress } from "./plan-names.ts";

/** A private key and the certificate that belongs to it, as PEM that was read and written anew. */
export interface KeyPair {
  keyPem: string;
  /** The certificate first, then those of its issuers that were found, without a root. */
  chainPem: string;
  leaf: X509Certificate;
}

/** What is wrong with a pair: the end of the sentence "it is passed over: …". */
export interface Unfit {
  unfit: string;
}

/** What is known of the time. */
export interface Clock {
  now: Date;
  /** False while the clock is known to be wrong: no certificate is then judged by its dates. */
  trusted: boolean;
}

const PRIVATE_KEYS = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/g;
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;
/** More than any authority has; each one is sent in every handshake. */
const LONGEST_CHAIN = 10;
const SMALLEST_RSA = 2048;
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];

/**
 * Reads a key and a certificate whatever stands in them. The certificate of the key may stand anywhere among others; its issuers
 * are put in order, and what does not belong to it is left out.
 */
export function readKeyPair(keyText: string, certificateText: string): KeyPair | Unfit {
  const key = readKey(keyText);
  if ("unfit" in key) return key;
  const found = readCertificates(certificateText);
  if ("unfit" in found) return found;
  const leaf = found.find((certificate) => belongs(certificate, key));
  if (leaf === undefined) return { unfit: "its key does not belong to its certificate" };
  return {
    keyPem: String(key.export({ type: "pkcs8", format: "pem" })),
    chainPem: chainOf(leaf, found)
      .map((certificate) => certificate.toString())
      .join(""),
    leaf,
  };
}

/** Why the certificate may not be served for the domain; undefined when it may. */
export function whyUnfit(leaf: X509Certificate, domain: string, { now, trusted }: Clock): string | undefined {
  if (!covers(leaf, domain)) return `it is not for ${domain} but for ${namesOf(leaf).join(", ") || "no name"}`;
  if (!trusted) return undefined;
  if (!(leaf.validFromDate <= now)) return `it is valid only from ${leaf.validFromDate.toISOString()}`;
  if (!(leaf.validToDate > now)) return `it ended at ${leaf.validToDate.toISOString()}`;
  return undefined;
}

/** Whether browsers take the certificate for the name. They read no common name. */
export function covers(leaf: X509Certificate, name: string): boolean {
  try {
    return (isAddress(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: "never" })) !== undefined;
  } catch {
    return false; // a name that is none
  }
}

/** Host names and addresses of the certificate, fit for a line of a terminal. */
export function namesOf(leaf: X509Certificate): string[] {
  const entries = (leaf.subjectAltName ?? "").split(", ");
  return entries.flatMap((entry) => /^(?:DNS|IP Address):([\w.*:-]+)$/.exec(entry)?.[1] ?? []);
}

function readKey(text: string): KeyObject | Unfit {
  const blocks = [...text.matchAll(PRIVATE_KEYS)].map(([, kind = ""]) => kind.trim());
  if (blocks.length === 0) return { unfit: "its key is no PEM text of a private key" };
  if (blocks.length > 1) return { unfit: `its key file has ${blocks.length} keys` };
  if (blocks[0] === "ENCRYPTED" || text.includes("Proc-Type: 4,ENCRYPTED"))
    return { unfit: "its key is protected by a password" };
  try {
    const key = createPrivateKey(text);
    return isUsual(key) ? key : { unfit: "its key is of a kind or size that browsers do not take" };
  } catch {
    return { unfit: "its key cannot be read" };
  }
}

function isUsual({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): boolean {
  const { modulusLength = 0, namedCurve = "" } = asymmetricKeyDetails;
  return asymmetricKeyType === "ec"
    ? CURVES.includes(namedCurve)
    : isRsa(asymmetricKeyType) && modulusLength >= SMALLEST_RSA;
}

const isRsa = (type: string | undefined) => type === "rsa" || type === "rsa-pss";

function readCertificates(text: string): X509Certificate[] | Unfit {
  const blocks = text.match(CERTIFICATES) ?? [];
  if (blocks.length === 0) return { unfit: "its certificate is no PEM text of a certificate" };
  if (blocks.length > LONGEST_CHAIN) return { unfit: `its chain has ${blocks.length} certificates` };
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return { unfit: "its certificate cannot be read" };
  }
}

function belongs(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return false; // a public key of a kind that cannot be compared
  }
}

function chainOf(leaf: X509Certificate, found: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf];
  for (;;) {
    const last = chain.at(-1) ?? leaf;
    const issuer = found.find(
      (other) => !chain.includes(other) && !isIssuedBy(other, other) && isIssuedBy(last, other),
    );
    if (issuer === undefined) return chain;
    chain.push(issuer);
  }
}

/** Whether the one was signed by the other. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key of a kind that signs nothing
  }
}
