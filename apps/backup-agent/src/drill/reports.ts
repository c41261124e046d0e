import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeReport, type Keys, type Report } from "@appliance/backup-content";

/** More than a year of weekly drills. */
const KEPT = 60;

const TIME = String.raw`\d{4}-\d{2}-\d{2}T\d{6}\.\d{3}Z`;

/** Writes the report of a drill of `target`, sealed, and removes the oldest of that target. @returns its name in `folder` */
export async function keepReport(folder: string, target: string, report: Report, keys: Keys): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const path = await writeReport(folder, target, report, keys);
  for (const name of surplusOf(await readdir(folder), target)) await rm(join(folder, name), { force: true });
  return basename(path);
}

/** Names begin with the time, so their order is that of time. */
export function surplusOf(names: readonly string[], target: string): string[] {
  const own = new RegExp(`^${TIME}-${target}\\.json$`);
  return names
    .filter((name) => own.test(name))
    .toSorted()
    .slice(0, -KEPT);
}
