import { createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { AcmeError } from "./acme-error.ts";

/** A JSON Web Signature in its flattened form, the body of every POST; RFC 8555 section 6.2. */
export interface Jws {
  protected: string;
  payload: string;
  signature: string;
}

/** What binds a new account to one that a person has at the authority; RFC 8555 section 7.3.4. */
export interface ExternalAccountBinding {
  keyId: string;
  /** As the authority shows it, in base64url. */
  hmacKey: string;
}

/** The members that make up a key, in the order of their hash; RFC 7638 section 3.2, RFC 8037 section 2. */
const REQUIRED_MEMBERS: Record<string, readonly (keyof JsonWebKey)[]> = {
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
  RSA: ["e", "kty", "n"],
};

export const base64url = (data: string | Uint8Array): string => Buffer.from(data).toString("base64url");

/** A new account key, as PEM. */
export function createAccountKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/**
 * The private key of an account.
 * @throws OperatorError `ACME_KEY_UNSUITABLE` when it is no private key on the curve P-256; the key is not quoted.
 */
export function readAccountKey(key: string | KeyObject): KeyObject {
  const read = typeof key === "string" ? readPem(key) : key;
  if (read?.type === "private" && read.asymmetricKeyDetails?.namedCurve === "prime256v1") return read;
  throw new AcmeError("ACME_KEY_UNSUITABLE", "The key of the ACME account is no private key on the curve P-256.", {
    remedy: "Remove the file of the account key, so that a new account is made.",
  });
}

function readPem(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined; // what OpenSSL says of it is of no use to an operator
  }
}

/** The public half as JSON Web Key, with the required members alone, in the order that RFC 7638 hashes. */
export function publicJwk(key: KeyObject | JsonWebKey): JsonWebKey {
  const jwk = "export" in key ? publicHalf(key as KeyObject).export({ format: "jwk" }) : key;
  const members = REQUIRED_MEMBERS[jwk.kty ?? ""] ?? [];
  return Object.fromEntries(members.map((member) => [member, jwk[member]]));
}

const publicHalf = (key: KeyObject): KeyObject => (key.type === "private" ? createPublicKey(key) : key);

/** @see RFC 7638 */
export function thumbprint(key: KeyObject | JsonWebKey): string {
  return createHash("sha256")
    .update(JSON.stringify(publicJwk(key)))
    .digest("base64url");
}

/**
 * Signs with ES256.
 * @param payload what is sent as JSON, or "" for a POST-as-GET
 */
export function signJws(key: KeyObject, header: Record<string, unknown>, payload: unknown): Jws {
  return jws({ alg: "ES256", ...header }, payload, (input) =>
    sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }).toString("base64url"),
  );
}

/** Proves to the authority at `url` that the holder of the binding's key wants `accountKey` to be its account. */
export function bindExternalAccount(
  { keyId, hmacKey }: ExternalAccountBinding,
  accountKey: KeyObject,
  url: string,
): Jws {
  const secret = Buffer.from(hmacKey, "base64url");
  if (keyId === "" || secret.length === 0) throw bindingUnreadable();
  return jws({ alg: "HS256", kid: keyId, url }, publicJwk(accountKey), (input) =>
    createHmac("sha256", secret).update(input).digest("base64url"),
  );
}

function jws(header: Record<string, unknown>, payload: unknown, signature: (input: Buffer) => string): Jws {
  const encodedHeader = base64url(JSON.stringify(header));
  const encodedPayload = payload === "" ? "" : base64url(JSON.stringify(payload));
  const input = Buffer.from(`${encodedHeader}.${encodedPayload}`);
  return { protected: encodedHeader, payload: encodedPayload, signature: signature(input) };
}

const bindingUnreadable = () =>
  new AcmeError(
    "ACME_BINDING_UNREADABLE",
    "The external account binding has no key id, or its key is not in base64url.",
    {
      remedy: "Copy key id and HMAC key once more from the certificate authority's page.",
    },
  );
