import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { CommandError, type RunCommand } from "@appliance/command";
import { failure } from "../failures.ts";
import { pathBytes } from "../files/record.ts";
import type { Workplace } from "./workplace.ts";

/** The two keys of the vault in env.yml, armored OpenPGP secret keys without passphrase. */
export interface VaultKeys {
  /** `ecs:vault_encrypt` */
  encrypt: string;
  /** `ecs:vault_sign` */
  sign: string;
}

export interface Vault {
  /** Whether the document at `path` can be decrypted to its end and is signed with the sign key; undefined, or why not. */
  fault(root: string, path: string): Promise<string | undefined>;
  close(): Promise<void>;
}

const GPG_MS = 60_000;
const DECRYPT_MS = 600_000;

/**
 * gpg with the keys of the vault and no other, in a folder in memory.
 * @throws OperatorError `PROOF_VAULT_KEY_UNUSABLE`
 */
export async function openVault(
  keys: VaultKeys,
  { secret }: Workplace,
  run: RunCommand,
  signal?: AbortSignal,
): Promise<Vault> {
  const secrets = [keys.encrypt, keys.sign];
  const home = ["--homedir", secret, "--batch", "--no-tty", "--quiet", "--pinentry-mode", "error"];
  const gpg = (args: readonly string[], options: { input?: string | Readable; timeoutMs?: number } = {}) =>
    run("gpg", [...home, ...args], { timeoutMs: GPG_MS, secrets, ...options, ...(signal ? { signal } : {}) });
  await importKey(gpg, "ecs:vault_encrypt", keys.encrypt);
  const signer = await importKey(gpg, "ecs:vault_sign", keys.sign);
  return {
    fault: (root, path) => faultOf(gpg, signer, Buffer.concat([Buffer.from(`${root}/`), pathBytes(path)])),
    close: async () => void (await run("gpgconf", ["--homedir", secret, "--kill", "all"], { timeoutMs: GPG_MS })),
  };
}

type Gpg = (
  args: readonly string[],
  options?: { input?: string | Readable; timeoutMs?: number },
) => ReturnType<RunCommand>;

/** The fingerprint of the primary key. */
async function importKey(gpg: Gpg, setting: string, key: string): Promise<string> {
  try {
    const { stdout } = await gpg(["--show-keys", "--with-colons"], { input: key });
    const fingerprint = /^fpr:(?:[^:]*:){8}([0-9A-F]{40,}):/m.exec(stdout)?.[1];
    if (fingerprint === undefined) throw failure("PROOF_VAULT_KEY_UNUSABLE", `${setting} holds no key`);
    await gpg(["--import"], { input: key });
    return fingerprint;
  } catch (error) {
    if (error instanceof CommandError && error.code === "COMMAND_FAILED")
      throw failure("PROOF_VAULT_KEY_UNUSABLE", setting, error);
    throw error;
  }
}

/** The plain text is thrown away as it comes; the name is given to gpg by no argument, which could not carry every byte. */
async function faultOf(gpg: Gpg, signer: string, path: Buffer): Promise<string | undefined> {
  const reading = ["--trust-model", "always", "--status-fd", "1", "--yes", "--output", "/dev/null", "--decrypt"];
  try {
    const { stdout } = await gpg(reading, { input: createReadStream(path), timeoutMs: DECRYPT_MS });
    if (!stdout.includes("[GNUPG:] DECRYPTION_OKAY")) return "it is not encrypted";
    return signersOf(stdout).includes(signer) ? undefined : "it is not signed with ecs:vault_sign";
  } catch (error) {
    if (error instanceof CommandError && error.code === "COMMAND_FAILED") return error.message;
    throw error;
  }
}

/** VALIDSIG ends with the fingerprint of the primary key. */
function signersOf(status: string): (string | undefined)[] {
  const lines = status.split("\n").filter((line) => line.startsWith("[GNUPG:] VALIDSIG "));
  return lines.map((line) => line.trim().split(" ").at(-1));
}
