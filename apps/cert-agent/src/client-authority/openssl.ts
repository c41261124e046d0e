import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandOptions, CommandResult, RunCommand } from "@appliance/command";

/** Making an RSA key on a busy host is the slowest thing asked of it. */
const TIMEOUT_MS = 60_000;

export interface OpensslDeps {
  run: RunCommand;
  /** Where private work folders are made and removed: a tmpfs, since keys of clients lie there for a moment. */
  workFolder: string;
}

/** A private folder in which openssl works: every file is named relative to it, so that no path reaches a configuration. */
export interface Workplace {
  openssl: (args: readonly string[], options?: Partial<CommandOptions>) => Promise<CommandResult>;
  write: (name: string, data: string) => Promise<void>;
  read: (name: string) => Promise<Buffer>;
}

/** Runs `work` in a private folder that is gone afterwards. */
export async function withOpenssl<T>(
  deps: OpensslDeps,
  signal: AbortSignal,
  work: (place: Workplace) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(deps.workFolder, "client-authority-"));
  try {
    return await work({
      openssl: (args, options = {}) =>
        deps.run("openssl", args, { cwd: folder, timeoutMs: TIMEOUT_MS, signal, ...options }),
      write: (name, data) => writeFile(join(folder, name), data, { mode: 0o600 }),
      read: (name) => readFile(join(folder, name)),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An instant as openssl's options take it, in whole seconds. */
export const opensslTime = (instant: Date) => instant.toISOString().replace(/[-:T]|\.\d+/g, "");
