import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import type { Toolbox } from "./toolbox.ts";

/** An armoured block of a file of keys. */
interface Block {
  line: number;
  armour: string;
}

export interface PublicKey {
  fingerprint: string;
  /** The first user id, such as `Ada <ada@example.org>`. */
  owner: string;
}

/** A key ring in the private folder, with the keys of one file and no others. */
export interface KeyRing {
  keys: PublicKey[];
  /** Encrypts a file of the folder to every key, which need not be trusted. @returns the path of the encrypted file */
  encrypt: (file: string) => Promise<string>;
}

/**
 * Takes every public key of a gpgkeys.txt: armoured keys one after the other, with any text between them.
 * @throws OperatorError `GPG_KEYS_UNUSABLE` that names each key that cannot be imported, is expired or revoked, or cannot
 * encrypt: who keeps such a key would find out only when the server is lost
 */
export async function openKeyRing(name: string, text: string, folder: string, run: Toolbox): Promise<KeyRing> {
  const home = join(folder, "gnupg");
  await mkdir(home, { mode: 0o700 });
  const gpg = (args: string[]) => run("gpg", ["--homedir", home, "--batch", "--no-tty", "--no-autostart", ...args]);
  const blocks = blocksOf(text);
  if (blocks.length === 0) throw unusable(name, ["there is no OpenPGP public key in it"]);
  const problems: string[] = [];
  for (const block of blocks) problems.push(...(await importBlock(block, folder, gpg)));
  const keys = parseKeys((await gpg(["--with-colons", "--fixed-list-mode", "--list-keys"])).stdout);
  problems.push(...keys.flatMap(({ problem, ...key }) => (problem ? [`${describeKey(key)} ${problem}`] : [])));
  if (problems.length > 0) throw unusable(name, problems);
  const recipients = keys.flatMap(({ fingerprint }) => ["--recipient", fingerprint]);
  return {
    keys: keys.map(({ fingerprint, owner }) => ({ fingerprint, owner })),
    async encrypt(file) {
      const output = `${file}.gpg`;
      await gpg(["--trust-model", "always", "--output", output, ...recipients, "--encrypt", "--", file]);
      return output;
    },
  };
}

export function describeKey({ fingerprint, owner }: PublicKey): string {
  return `${owner || "a key without a name"} (${fingerprint.slice(-16)})`;
}

/** Each from its first line to that of the next: gpg ignores what stands after its end. */
function blocksOf(text: string): Block[] {
  let line = 1;
  const pieces = text.split(/^(?=-----BEGIN PGP )/m).map((armour) => {
    const piece = { armour, line };
    line += armour.split("\n").length - 1;
    return piece;
  });
  return pieces.filter(({ armour }) => armour.startsWith("-----BEGIN PGP "));
}

type Gpg = (args: string[]) => Promise<{ stdout: string; stderr: string }>;

async function importBlock({ line, armour }: Block, folder: string, gpg: Gpg): Promise<string[]> {
  if (armour.includes("PRIVATE KEY")) return [`line ${line} begins a secret key; it belongs to its owner alone`];
  const file = join(folder, "key.asc");
  await writeFile(file, `${armour}\n`, { mode: 0o600 });
  try {
    const { stdout } = await gpg(["--status-fd", "1", "--import", "--", file]);
    return stdout.includes("IMPORT_OK") ? [] : [`the key that begins at line ${line} cannot be imported`];
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.code !== "COMMAND_FAILED") throw cause;
    return [`the key that begins at line ${line} cannot be imported`];
  }
}

/** `gpg --with-colons`, doc/DETAILS of GnuPG: field 2 is the validity, 5 the id, 10 a value, 12 what the key can do. */
function parseKeys(listing: string): (PublicKey & { problem?: string })[] {
  const records = listing.split("\n").map((line) => line.split(":"));
  const starts = records.flatMap(([type], at) => (type === "pub" ? [at] : []));
  return starts.map((from, at) => {
    const key = records.slice(from, starts[at + 1]);
    const [, validity = "", ...rest] = key[0] ?? [];
    const valueOf = (type: string) => key.find(([name]) => name === type)?.[9] ?? "";
    const problem = problemOf(validity, rest[9] ?? "");
    return { fingerprint: valueOf("fpr"), owner: valueOf("uid"), ...(problem ? { problem } : {}) };
  });
}

/** A capital E says that the key as a whole can encrypt now. */
function problemOf(validity: string, capabilities: string): string | undefined {
  if (validity === "e") return "is expired";
  if (validity === "r") return "is revoked";
  return capabilities.includes("E") ? undefined : "cannot encrypt, or its part that encrypts is expired";
}

function unusable(name: string, problems: readonly string[]): OperatorError {
  return new OperatorError(
    "GPG_KEYS_UNUSABLE",
    `${name} cannot be used:\n${problems.map((text) => `  ${text}`).join("\n")}`,
    {
      remedy: "Replace or remove these keys: gpg --armor --export NAME prints a public key. Nothing was written.",
    },
  );
}
