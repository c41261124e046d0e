import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";

/** A key of gpg in a home of its own. */
export interface TestKey {
  home: string;
  /** The public key, armoured. */
  armour: string;
}

const gpg = (home: string, ...args: string[]) =>
  execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--passphrase", "", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  }).toString();

/**
 * @param can `sign` for a key that cannot encrypt
 * @param made when it was made, such as `20200101T000000`; it lives for a day from then
 */
export function makeKey(
  home: string,
  name: string,
  { can = "default", made }: { can?: string; made?: string } = {},
): TestKey {
  mkdirSync(home, { mode: 0o700 });
  const clock = made === undefined ? [] : ["--faked-system-time", `${made}!`];
  gpg(
    home,
    ...clock,
    "--quick-generate-key",
    `${name} <${name}@example.org>`,
    can === "sign" ? "ed25519" : "default",
    can,
    made ? "1d" : "never",
  );
  return { home, armour: gpg(home, "--armor", "--export") };
}

export function exportSecret(home: string): string {
  return gpg(home, "--armor", "--export-secret-keys");
}

/** The files of an encrypted archive, as the owner of a key lists them. */
export function listEncrypted(home: string, archive: string): string[] {
  const packed = execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--decrypt", archive], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return execFileSync("tar", ["-tz"], { input: packed }).toString().trim().split("\n").sort();
}

/** Ends what gpg started for a home. */
export function forgetKeys(home: string): void {
  execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
}
