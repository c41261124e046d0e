import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurable } from "@appliance/files";
import * as z from "zod";
import type { Cancellable, UnlockOutcome } from "../engine.ts";
import { parseLine } from "../json-line.ts";
import { isSsh } from "../ssh.ts";
import type { ResticContext } from "./context.ts";
import { Lock } from "./messages.ts";
import { callRestic } from "./program.ts";

/** A lock in the repository. */
export interface RepositoryLock {
  host: string;
  since: Date;
}

/** Which locks are of runs of this host that ended without removing them. One engine works at a time, so all are. */
export function planUnlock(
  locks: readonly RepositoryLock[],
  hostName: string,
): { ours: RepositoryLock[]; others: RepositoryLock[] } {
  const isOurs = ({ host }: RepositoryLock) => host === hostName;
  return { ours: locks.filter(isOurs), others: locks.filter((lock) => !isOurs(lock)) };
}

/**
 * Breaks the locks of our own dead runs. restic cannot remove single locks, so while another host has one, ours stay as well:
 * that host is at work, or someone has to look after it.
 */
export async function unlock(context: ResticContext, options: Cancellable): Promise<UnlockOutcome> {
  const ids = await listLocks(context, options);
  // Who cannot delete there cannot remove locks, which gather. Those of backups hinder none; to read them all would take ever longer.
  if (context.target.appendOnly === true && isSsh(context.url)) return { broken: 0, left: [] };
  const { ours, others } = planUnlock(await readLocks(context, ids, options), context.hostName);
  const mayBreak = ours.length > 0 && others.length === 0;
  if (mayBreak) await callRestic(context, ["unlock", "--remove-all"], options);
  return { broken: mayBreak ? ours.length : 0, left: others };
}

async function listLocks(context: ResticContext, options: Cancellable): Promise<string[]> {
  const { stdout } = await callRestic(context, ["list", "locks", "--no-lock", "--quiet"], options);
  return stdout.split("\n").filter((line) => /^[0-9a-f]{64}$/.test(line));
}

async function readLocks(
  context: ResticContext,
  ids: readonly string[],
  options: Cancellable,
): Promise<RepositoryLock[]> {
  const locks: RepositoryLock[] = [];
  for (const id of ids) {
    const answer = await callRestic(context, ["cat", "lock", id, "--no-lock", "--quiet"], options);
    const lock = parseLine(Lock, answer.stdout.replaceAll("\n", " "));
    if (lock) locks.push({ host: lock.hostname, since: new Date(lock.time) });
  }
  return locks;
}

const Journal = z.object({ readAt: z.record(z.string(), z.iso.datetime()) });

/** What is known of the repository beyond what it holds: when each part of it was read. */
export type Journal = z.infer<typeof Journal>;

export function openJournal(archive: string) {
  const path = join(archive, "journal.json");
  return {
    async read(): Promise<Journal> {
      const text = await readFile(path, "utf8").catch(() => "");
      return parseLine(Journal, text) ?? { readAt: {} };
    },
    write: (journal: Journal) => writeFileDurable(path, JSON.stringify(journal), { mode: 0o600 }),
  };
}

export type JournalFile = ReturnType<typeof openJournal>;
