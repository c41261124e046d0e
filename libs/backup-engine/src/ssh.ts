import { join } from "node:path";
import { mkdir, rm, writeFile } from "node:fs/promises";
import type { RunCommand } from "@appliance/command";
import type { OperatorError } from "@appliance/errors";
import { failure } from "./failures.ts";
import type { Target, TargetUrl } from "./target.ts";

const SSH_SCHEME = /^(?:(?:paramiko|pexpect|lftp)\+)?(?:sftp|scp)$/;
const SCAN_SECONDS = 10;

export interface SshFiles {
  knownHosts: string;
  key: string | undefined;
}

export const isSsh = ({ scheme }: TargetUrl) => SSH_SCHEME.test(scheme);

/** Writes what ssh reads of env.yml below `scratch`: hosts that are known, an empty file where none is, and the key. */
export async function writeSshFiles(scratch: string, { knownHosts = "", sshKey }: Target): Promise<SshFiles> {
  const folder = join(scratch, "ssh");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = {
    knownHosts: join(folder, "known_hosts"),
    key: sshKey === undefined ? undefined : join(folder, "key"),
  };
  await writeFile(files.knownHosts, endingInNewline(knownHosts), { mode: 0o600 });
  // Without its last line end ssh takes a key for damaged.
  if (files.key !== undefined) await writeFile(files.key, endingInNewline(sshKey ?? ""), { mode: 0o600 });
  return files;
}

export const removeSshFiles = (scratch: string) => rm(join(scratch, "ssh"), { recursive: true, force: true });

const endingInNewline = (text: string) => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

/** The failure about a host key, with the lines that the server would have in known_hosts, for a person to compare. */
export async function hostKeyFailure(
  run: RunCommand,
  code: "BACKUP_HOST_KEY_UNKNOWN" | "BACKUP_HOST_KEY_CHANGED",
  { host, port, label }: TargetUrl,
): Promise<OperatorError> {
  const lines = await scanHostKeys(run, host, port ?? 22);
  const known = code === "BACKUP_HOST_KEY_UNKNOWN" ? "the line to add" : "it shows";
  return failure(code, label, lines.length === 0 ? "" : `${known}: ${preferred(lines)}`);
}

async function scanHostKeys(run: RunCommand, host: string, port: number): Promise<string[]> {
  const args = ["-T", String(SCAN_SECONDS), "-p", String(port), "--", host.replace(/^\[|\]$/g, "")];
  try {
    const { stdout } = await run("ssh-keyscan", args, { timeoutMs: 4 * SCAN_SECONDS * 1000 });
    return stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  } catch {
    return []; // the failure itself stands; only its line cannot be shown
  }
}

/** One line is enough, and the short one can be compared by eye. */
const preferred = (lines: readonly string[]) => lines.find((line) => line.includes(" ssh-ed25519 ")) ?? lines[0];
