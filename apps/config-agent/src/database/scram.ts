import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

/**
 * What PostgreSQL stores of a password, `SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY`. Sent in place of the password,
 * so that no statement, log or pg_stat_statements entry ever holds it.
 * @see RFC 5803, and PostgreSQL's documentation of pg_authid.rolpassword
 */
export function scramVerifier(password: string, salt = randomBytes(16), iterations = 4096): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest("base64");
  const serverKey = hmac(salted, "Server Key").toString("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

/** Whether `verifier`, read from pg_authid, belongs to `password`; false for any other kind of verifier. */
export function scramMatches(verifier: string | null, password: string): boolean {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier ?? "");
  if (!match) return false;
  const expected = Buffer.from(scramVerifier(password, Buffer.from(match[2]!, "base64"), Number(match[1])));
  const actual = Buffer.from(verifier!);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
