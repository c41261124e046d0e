import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CommandError, type RunCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";

const GPG_MS = 60_000;
const DECRYPT_MS = 3_600_000;

/** gpg with one secret key and nothing else, in a folder in memory. */
export interface GpgHome {
  folder: string;
  fingerprint: string;
  /** Decrypts `from` into the new file `to`, or only checks it. @throws CommandError for a damaged or foreign file. */
  decrypt(from: string, to: string | undefined, signal: AbortSignal | undefined): Promise<void>;
  close(): Promise<void>;
}

/**
 * Imports the armored secret key `key`, without passphrase, and trusts it. The path of `scratch` must be shorter than 80
 * characters, since gpg's agent listens on a socket there.
 * @throws OperatorError `BACKUP_KEY_UNUSABLE`.
 */
export async function openGpgHome(run: RunCommand, scratch: string, key: string): Promise<GpgHome> {
  const folder = join(scratch, "gnupg");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const gpg = (args: readonly string[], input?: string) =>
    run("gpg", ["--homedir", folder, "--batch", "--quiet", ...args], {
      timeoutMs: GPG_MS,
      secrets: [key],
      ...(input === undefined ? {} : { input }),
    });
  const fingerprint = await importKey(gpg, key);
  return {
    folder,
    fingerprint,
    decrypt: async (from, to, signal) => {
      const output = ["--yes", "--output", to ?? "/dev/null", "--decrypt", "--", from];
      const options = { timeoutMs: DECRYPT_MS, ...(signal ? { signal } : {}) };
      await run("gpg", ["--homedir", folder, "--batch", "--quiet", ...output], options);
    },
    // The agent is a process of its own session, which the end of gpg does not end.
    async close() {
      await run("gpgconf", ["--homedir", folder, "--kill", "all"], { timeoutMs: GPG_MS });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function importKey(gpg: (args: readonly string[], input?: string) => Promise<{ stdout: string }>, key: string) {
  try {
    await gpg(["--import"], key);
    const { stdout } = await gpg(["--with-colons", "--list-secret-keys"]);
    const fingerprint = /^fpr:(?:[^:]*:){8}([0-9A-F]{40,}):/m.exec(stdout)?.[1];
    if (fingerprint === undefined) throw unusable("it holds no secret key");
    await gpg(["--import-ownertrust"], `${fingerprint}:6:\n`);
    return fingerprint;
  } catch (error) {
    if (error instanceof CommandError && error.code === "COMMAND_FAILED") throw unusable("gpg does not read it", error);
    throw error;
  }
}

const unusable = (why: string, cause?: unknown) =>
  new OperatorError("BACKUP_KEY_UNUSABLE", `The key of appliance:backup:encrypt cannot be used: ${why}.`, {
    remedy: "Put the whole armored OpenPGP secret key, without passphrase, into env.yml.",
    cause,
  });
