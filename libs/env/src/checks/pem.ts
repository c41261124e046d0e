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

export function checkTlsKey(value: string, place: Place): void {
  if (!isPem(value)) return checkFileName(value, place);
  if (!readPrivateKey(value)) place.error("is no private key in PEM, or one with a passphrase");
}

export function checkTlsCertificate(value: string, place: Place): void {
  if (!isPem(value)) return checkFileName(value, place);
  if (!readCertificate(value)) place.error("is no certificate in PEM");
}

/** Both or none; and where both are here as PEM, the certificate is the one of the key. */
export function checkTlsPair({ key, cert }: { key: string | undefined; cert: string | undefined }, place: Place): void {
  if (key === undefined && cert === undefined) return;
  if (cert === undefined) return place.at("key").error("needs appliance:ssl:cert beside it");
  if (key === undefined) return place.at("cert").error("needs appliance:ssl:key beside it");
  if (!isPem(key) || !isPem(cert)) return;
  const privateKey = readPrivateKey(key);
  if (privateKey && readCertificate(cert)?.checkPrivateKey(privateKey) === false)
    place.at("cert").error("is not the certificate of appliance:ssl:key");
}

function checkFileName(name: string, place: Place): void {
  if (/^\/?(?!\.)[\w.+@-]+(?:\/(?!\.\.?(?:\/|$))[\w.+@-]+)*$/.test(name) && !name.startsWith("-")) return;
  place.error("must be PEM text, or a file name of letters, digits and . _ + @ - /");
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
