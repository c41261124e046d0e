import { deriveKeys, fingerprintEnv } from "./seal.ts";

/**
 * Which env.yml this is, in hexadecimal, for who knows the secret that opens its backup and for nobody else.
 * @param sealSecrets those of `backupAccessOf` of `@appliance/env`
 * @param data of `parseYaml` or `parseEnv`: the file as it is, unknown keys included; comments and layout do not count
 */
export function envFingerprint(sealSecrets: readonly [string, ...string[]], data: unknown): string {
  return fingerprintEnv(deriveKeys(...sealSecrets), withoutBigInts(data));
}

/** A whole number that JSON has no room for counts as its digits. */
function withoutBigInts(data: unknown): unknown {
  if (typeof data === "bigint") return data.toString();
  if (Array.isArray(data)) return data.map(withoutBigInts);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, withoutBigInts(value)]));
}
