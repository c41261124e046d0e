import { generateKeyPair, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** Where the secrets of a new env.yml come from. Each call makes another one; PEM and armor end with a line end. */
export interface Secrets {
  /** An RSA private key in PEM, of 2048 bits. */
  rsa(): Promise<string>;
  /** An armored OpenPGP secret key without a passphrase, which signs and decrypts. */
  pgp(name: string, domain: string): Promise<string>;
  /** 39 random bytes in base64, 52 characters. */
  base64(): string;
}

const SECRET_BYTES = 39;
/** As long as RFC 8301 asks for; a longer key's DNS record does not fit what some providers take. */
const DKIM_BITS = 2048;
const PGP_BITS = 3072;

/** The keys have no passphrase: the file they are in is itself the secret. */
export const newSecrets: Secrets = {
  async rsa() {
    const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: DKIM_BITS });
    return privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  },

  /** RSA, see docs/decisions/2026-11-22-rsa-keys-in-env-yml.md. */
  async pgp(name, domain) {
    const { generateKey } = await import("openpgp");
    const email = `${name}@${domain.includes(".") ? domain : `${domain}.invalid`}`;
    const { privateKey } = await generateKey({
      userIDs: [{ name, email }],
      type: "rsa",
      rsaBits: PGP_BITS,
      format: "armored",
    });
    return privateKey.replaceAll("\r\n", "\n");
  },

  base64: () => randomBytes(SECRET_BYTES).toString("base64"),
};
