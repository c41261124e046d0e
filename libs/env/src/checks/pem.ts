import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

const REFUSED_BITS = 1024;
const WEAK_BITS = 2048;

/** RFC 8301: signers use RSA of 1024 bits at least and should use 2048. */
export function checkDkimKey(pem: string, place: Place): void {
  const key = readPrivateKey(pem);
  if (!key) return place.error("must be an RSA private key in PEM without a passphrase");
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (key.asymmetricKeyType !== "rsa" || bits === undefined)
    return place.error(`must be an RSA key, but here is one of type ${quote(String(key.asymmetricKeyType))}`);
  if (bits < REFUSED_BITS) return place.error(`the key has ${bits} bits; receivers refuse less than ${REFUSED_BITS}`);
  if (bits < WEAK_BITS) place.warning(`the key has ${bits} bits; receivers ask for ${WEAK_BITS}`);
}

export const isPem = (text: string): boolean => text.includes("-----BEGIN ");

/** Whether it can be used as it is: in PEM, and without a passphrase. */
export const isPrivateKey = (text: string): boolean => readPrivateKey(text) !== undefined;

export function checkTlsKey(value: string, place: Place): void {
  const fault = isPem(value) ? tlsKeyFault(value) : fileNameFault(value);
  if (fault) place.error(fault);
}

export function checkTlsCertificate(value: string, place: Place): void {
  const fault = isPem(value) ? tlsCertificateFault(value) : fileNameFault(value);
  if (fault) place.error(fault);
}

/** Both or none; and where both are here as PEM, the certificate is the one of the key. */
export function checkTlsPair({ key, cert }: { key: string | undefined; cert: string | undefined }, place: Place): void {
  if (key === undefined && cert === undefined) return;
  if (cert === undefined) return place.at("key").error("needs appliance:ssl:cert beside it");
  if (key === undefined) return place.at("cert").error("needs appliance:ssl:key beside it");
  const fault = isPem(key) && isPem(cert) ? tlsPairFault(key, cert) : undefined;
  if (fault) place.at("cert").error(fault);
}

/** Why `pem` is no key of a TLS server, for a message; undefined when it is one. */
export function tlsKeyFault(pem: string): string | undefined {
  return readPrivateKey(pem) ? undefined : "is no private key in PEM, or one with a passphrase";
}

/** Why `pem` is no certificate with those of its issuers, for a message; undefined when it is. */
export function tlsCertificateFault(pem: string): string | undefined {
  if (!readCertificate(pem)) return "is no certificate in PEM";
  const wrong = certificatesIn(pem).findIndex((one) => !isCertificate(one));
  return wrong < 0 ? undefined : `its certificate ${wrong + 1} cannot be read`;
}

/** Why two texts without faults do not belong together, for a message about the certificate. */
export function tlsPairFault(key: string, cert: string): string | undefined {
  const privateKey = readPrivateKey(key);
  const isPair = privateKey === undefined || readCertificate(cert)?.checkPrivateKey(privateKey) !== false;
  return isPair ? undefined : "is not the certificate of appliance:ssl:key";
}

/** Whether a certificate in PEM is for a host of this name; true for what is no PEM. */
export function coversName(cert: string, name: string): boolean {
  const certificate = isPem(cert) ? readCertificate(cert) : undefined;
  return certificate === undefined || certificate.checkHost(name) !== undefined;
}

/** Each certificate of a text, in its order. */
export function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}

export const isCertificate = (pem: string): boolean => readCertificate(pem) !== undefined;

function fileNameFault(name: string): string | undefined {
  const isName = /^\/?(?!\.)[\w.+@-]+(?:\/(?!\.\.?(?:\/|$))[\w.+@-]+)*$/.test(name) && !name.startsWith("-");
  return isName ? undefined : "must be PEM text, or a file name of letters, digits and . _ + @ - /";
}

function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
