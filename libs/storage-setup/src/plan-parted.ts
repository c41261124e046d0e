import { partitionOf } from "./names.ts";
import { addStep, claim, isBlocked, named, need, refuse, type Planning } from "./planning.ts";
import type { DiskParts } from "./setup.ts";
import type { Known } from "./world.ts";

/** wipefs has its own word for the older table. */
const TABLES: Record<string, "gpt" | "msdos"> = { gpt: "gpt", dos: "msdos" };

/** The table of one disk and the partitions that it lacks. Partitions that are there stay as they are. */
export function planParted(disk: DiskParts, planning: Planning): void {
  const { device, parts } = disk;
  const makes = parts.map((_, index) => partitionOf(device, index + 1));
  if (!planning.world.get(device) && isFailedMember(makes, planning)) return;
  const known = need(planning, device, makes);
  const table = known && planTable(disk, known, makes, planning);
  if (!table) return;
  for (const [index, part] of parts.entries()) {
    const [number, path] = [index + 1, partitionOf(planning.world.pathOf(device), index + 1)];
    if (planning.world.get(path) || isBlocked(planning, [device])) continue;
    const flags = part.flags.length === 0 ? "" : `, ${part.flags.join(", ")}`;
    const summary = `Make partition ${number} of ${device}: ${part.name}, ${part.start} to ${part.end}${flags}`;
    addStep(planning, { action: "partition", device, table, number, part }, path, summary);
    planning.world.add(path);
  }
}

/** A disk that is gone and whose array runs without it: that is what the array is for. What else it had is left out. */
function isFailedMember(makes: readonly string[], { members, blocked, world }: Planning): boolean {
  const paths = makes.map(world.pathOf);
  if (!paths.some((path) => members.has(path))) return false;
  for (const path of paths) blocked.add(path);
  return true;
}

/** The table that the disk has or is to get; undefined when it is refused. */
function planTable(disk: DiskParts, known: Known, makes: string[], planning: Planning): DiskParts["table"] {
  const { device, table } = disk;
  const present = tableOn(known);
  if (present !== undefined && (table === undefined || table === present)) return present;
  if (table === undefined) {
    const message = `${device} has no partition table, and none is asked for (type: gpt)`;
    refuse(planning, { code: "STORAGE_DEVICE_ABSENT", device, message }, makes);
    return undefined;
  }
  const target = named(device, planning);
  if (!claim(planning, device, makes)) return undefined;
  addStep(planning, { action: "table", device, table }, device, `Make a ${table} partition table on ${target}`);
  return table;
}

/** What a file system calls itself counts more than a table that may be left below it. */
function tableOn({ signatures }: Known): DiskParts["table"] {
  if (!Array.isArray(signatures) || signatures.some(({ usage }) => usage !== "partition-table")) return undefined;
  // A GPT has a table of the older kind before it, for programs that do not know it.
  const types = signatures.map(({ type }) => TABLES[type]);
  return types.find((type) => type === "gpt") ?? types.find((type) => type !== undefined);
}
