import type { Cancellable, ReadOutcome } from "../engine.ts";
import { everythingReadSince, planReading, type ReadablePart } from "../plan-reading.ts";
import type { ResticContext } from "./context.ts";
import type { JournalFile } from "./locks.ts";
import { Stats } from "./messages.ts";
import { callRestic } from "./program.ts";

/** restic divides its packs by their names into so many parts, always the same way. */
const PARTS = 28;

/** Is every pack there that an index names, and does everything that a snapshot needs stand in an index? */
export async function check(context: ResticContext, options: Cancellable): Promise<void> {
  await callRestic(context, ["check", "--no-lock", "--quiet"], options);
}

/** Reads the parts that are due, each with a check of its own, so that what was read counts although the next is damaged. */
export async function verifyData(
  context: ResticContext,
  journalFile: JournalFile,
  { everything = false, signal }: Cancellable & { everything?: boolean },
): Promise<ReadOutcome> {
  const options: Cancellable = signal ? { signal } : {};
  const before = partsOf((await journalFile.read()).readAt);
  const due = everything ? before : planReading(before, context.now());
  if (everything) {
    await callRestic(context, ["check", "--read-data", "--no-lock", "--quiet"], options);
    await noteRead(journalFile, due, context.now());
  } else {
    for (const part of due) {
      await callRestic(context, ["check", `--read-data-subset=${part.name}/${PARTS}`, "--no-lock"], options);
      await noteRead(journalFile, [part], context.now());
    }
  }
  const { stored, points } = await usage(context, options);
  const share = due.length / PARTS;
  const read = { files: Math.round(stored.files * share), bytes: Math.round(stored.bytes * share) };
  return { read, stored, points, everythingReadSince: everythingReadSince(partsOf((await journalFile.read()).readAt)) };
}

async function noteRead(journalFile: JournalFile, parts: readonly ReadablePart[], now: Date) {
  const journal = await journalFile.read();
  const read = Object.fromEntries(parts.map(({ name }) => [name, now.toISOString()]));
  await journalFile.write({ ...journal, readAt: { ...journal.readAt, ...read } });
}

/** Packs are spread evenly, so each part counts the same. */
function partsOf(readAt: Readonly<Record<string, string>>): ReadablePart[] {
  return Array.from({ length: PARTS }, (_, index) => {
    const time = readAt[String(index + 1)];
    return { name: String(index + 1), bytes: 1, readAt: time === undefined ? undefined : new Date(time) };
  });
}

export async function usage(context: ResticContext, options: Cancellable) {
  const { stdout } = await callRestic(
    context,
    ["stats", "--mode", "raw-data", "--json", "--no-lock", "--tag", "appliance"],
    options,
  );
  const { total_size, total_blob_count = 0, snapshots_count } = Stats.parse(JSON.parse(stdout));
  return { stored: { files: total_blob_count, bytes: total_size }, points: snapshots_count };
}
