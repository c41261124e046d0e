import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { RunCommand } from "@appliance/command";
import { isSystemError } from "@appliance/errors";

/** Where one drill works. */
export interface DrillFolder {
  /** Of this drill alone, and empty. */
  restored: string;
  /** For the plain dump and its database. No name of a target begins with a dot. */
  temporary: string;
}

const REMOVE_MS = 3_600_000;

/** Begins the names of what is to be removed. */
const ASIDE = "drill-over-";

const folderOf = (volatileDir: string) => join(volatileDir, "drill");

/**
 * Gives `work` an empty folder, and removes afterwards all that drills restored, whatever happens. What a killed one left is removed
 * first: it may be as large as everything that is backed up.
 */
export async function withDrillFolder<T>(
  target: string,
  { volatileDir, run }: { volatileDir: string; run: RunCommand },
  work: (folder: DrillFolder) => Promise<T>,
): Promise<T> {
  await clearDrills(volatileDir, run);
  const all = folderOf(volatileDir);
  const folder = { restored: join(all, target), temporary: join(all, ".proof") };
  // Others may pass, to a database of theirs in `temporary`, where root starts it; and see nothing.
  await mkdir(all, { recursive: true, mode: 0o711 });
  await mkdir(folder.restored, { mode: 0o700 });
  try {
    return await work(folder);
  } finally {
    await clearDrills(volatileDir, run);
  }
}

/**
 * Removes what drills left; none may be under way. It is put aside first, so that a drill which begins meanwhile keeps what is its own.
 * rm(1) takes names of any bytes, which Node does not.
 */
export async function clearDrills(volatileDir: string, run: RunCommand): Promise<void> {
  await putAside(folderOf(volatileDir), join(volatileDir, `${ASIDE}${randomUUID()}`));
  const names = (await readdir(volatileDir)).filter((name) => name.startsWith(ASIDE));
  const options = ["--recursive", "--force", "--one-file-system", "--"];
  for (const name of names) await run("rm", [...options, join(volatileDir, name)], { timeoutMs: REMOVE_MS });
}

async function putAside(from: string, to: string) {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
}
