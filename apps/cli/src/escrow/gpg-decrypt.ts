import { readlinkSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError, runCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import { unreadable } from "./failures.ts";
import { isInstalled } from "./toolbox.ts";

/** Compressed data could decrypt to what fills the memory. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Time to find a card and to type a passphrase. */
const TIMEOUT_MS = 10 * 60_000;

export function isEncrypted(bytes: Uint8Array): boolean {
  if (Buffer.from(bytes.subarray(0, 27)).toString("latin1") === "-----BEGIN PGP MESSAGE-----") return true;
  // RFC 9580: a packet that holds an encrypted session key, in the old or the new form of its first byte.
  const first = bytes[0] ?? 0;
  return [0xc1, 0xc3].includes(first) || (first & 0xfc) === 0x84 || (first & 0xfc) === 0x8c;
}

/**
 * Decrypts with the keys of whoever calls, by that user's own gpg and agent, which may ask for a passphrase.
 * @throws OperatorError `GPG_MISSING`, `SOURCE_UNREADABLE`
 */
export async function decrypt(name: string, bytes: Uint8Array, folder: string, signal: AbortSignal): Promise<Buffer> {
  if (!(await isInstalled("gpg"))) throw gpgMissing(name);
  const [source, target] = [join(folder, "source.gpg"), join(folder, "decrypted")];
  await writeFile(source, bytes, { mode: 0o600 });
  try {
    const args = ["--no-greeting", "--max-output", String(MAX_BYTES), "--output", target, "--decrypt", "--", source];
    await runCommand("gpg", args, { cwd: folder, env: userEnvironment(), timeoutMs: TIMEOUT_MS, signal });
  } catch (cause) {
    if (cause instanceof CommandError && cause.code === "COMMAND_FAILED") throw refused(name, cause);
    throw cause;
  }
  return await readFile(target);
}

/** What gpg needs to find its keys and to ask for a passphrase. */
function userEnvironment(): Record<string, string> {
  const names = [
    "HOME",
    "GNUPGHOME",
    "GPG_TTY",
    "TERM",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
  ];
  const inherited = names.flatMap((name) => (process.env[name] ? [[name, process.env[name]] as const] : []));
  const terminal = process.stdin.isTTY ? { GPG_TTY: readlinkSync("/proc/self/fd/0") } : {};
  return { ...terminal, ...Object.fromEntries(inherited) };
}

function refused(name: string, cause: CommandError): OperatorError {
  const why = whyRefused(cause.stderrTail);
  return unreadable(`${name} cannot be decrypted: ${why}.`, {
    remedy: "Run this where gpg has the secret key of one of the people it was made for.",
    cause,
  });
}

function whyRefused(stderr: string): string {
  if (stderr.includes("No secret key")) return "there is none of the secret keys here that it is encrypted to";
  if (stderr.includes("max-output")) return "what is in it is longer than any package";
  return "it is damaged, or its passphrase was not given";
}

function gpgMissing(name: string): OperatorError {
  return new OperatorError("GPG_MISSING", `${name} is encrypted, and there is no gpg here.`, {
    remedy: "Where gpg and your key are: gpg --decrypt FILE | appliance env unpackage - --out env.yml",
  });
}
