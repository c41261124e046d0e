import type * as z from "zod";
import { OperatorError } from "@appliance/errors";
import type { Amount, BackupOptions, BackupOutcome, Cancellable, Point, Source } from "../engine.ts";
import { failure } from "../failures.ts";
import { secondsLeft } from "../progress-meter.ts";
import { requireSource } from "../require-source.ts";
import { tryToDelete } from "./append-only.ts";
import type { ResticContext } from "./context.ts";
import { unlock } from "./locks.ts";
import { parseLine } from "../json-line.ts";
import { BackupSummary, Status } from "./messages.ts";
import { createMovementSensor } from "./movement.ts";
import { listPoints } from "./points.ts";
import { callRestic } from "./program.ts";

/** All snapshots of the appliance are of one host and one tag, whatever the container is called: each continues the last. */
const IDENTITY = ["--host", "appliance", "--tag", "appliance"];

/** Documents are encrypted and the dump is compressed: to try it again costs a fifth of the work. What restic writes itself stays compressed. */
const INCOMPRESSIBLE = ["--compression", "off"];

/** restic walks all folders a second time only to know the total. */
const UNCOUNTED = ["--no-scan"];
const PARTIAL = 3;
const MOST_SKIPPED = 100;

/** One run: lock of a dead run away, a repository where there is none, then the backup. */
export async function backUp(
  context: ResticContext,
  source: Source,
  { onProgress, create = false, expected, ...options }: BackupOptions,
): Promise<BackupOutcome> {
  const startedAt = context.now();
  await requireSource(source);
  await prepareRepository(context, create, signalOf(options));
  const skipped: string[] = [];
  const progressOf = createProgressReader(expected);
  let summary: z.infer<typeof BackupSummary> | undefined;
  const { exitCode } = await callRestic(
    context,
    ["backup", "--json", ...INCOMPRESSIBLE, ...(expected ? UNCOUNTED : []), ...IDENTITY, "--", ...source.paths],
    {
      ...signalOf(options),
      cwd: source.root,
      okExitCodes: [0, PARTIAL],
      isAlive: createMovementSensor(),
      onOutput: (line) => {
        summary ??= parseLine(BackupSummary, line);
        const status = parseLine(Status, line);
        const progress = status ? progressOf(status) : summary && toWhole(summary);
        if (progress) onProgress?.(progress);
      },
      onError: (text) => void (skipped.length < MOST_SKIPPED && skipped.push(text)),
    },
  );
  if (!summary) throw failure("BACKUP_FAILED", context.url.label, "restic ended without a summary");
  const findings = await tryToDelete(context, signalOf(options));
  return {
    ...(await requirePoint(context, summary.snapshot_id, options)),
    complete: exitCode === 0 && skipped.length === 0,
    skipped: exitCode === PARTIAL && skipped.length === 0 ? ["restic did not say what"] : skipped,
    source: { files: summary.total_files_processed, bytes: summary.total_bytes_processed },
    stored: { files: 0, bytes: summary.data_added_packed ?? 0 },
    findings,
    durationMs: context.now().getTime() - startedAt.getTime(),
  };
}

/**
 * Takes away the locks of dead runs. Where there is no repository one is made, if the caller says that the target is new. Each call of
 * restic derives its key anew, for half a second of CPU: a second one only to look would cost as much as a night without changes.
 */
async function prepareRepository(context: ResticContext, create: boolean, options: Cancellable): Promise<void> {
  try {
    await unlock(context, options);
    return;
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== "BACKUP_NOT_FOUND") throw error;
    if (!create) throw failure("BACKUP_TARGET_EMPTY", context.url.label, "", error);
  }
  await callRestic(context, ["init", "--quiet"], options);
}

const signalOf = ({ signal }: Cancellable): Cancellable => (signal ? { signal } : {});

/** The total is what the caller expects, or what restic has counted once it says a time. */
function createProgressReader(expected: Amount | undefined) {
  const startedAt = performance.now();
  return ({ files_done = 0, bytes_done = 0, total_files, total_bytes, seconds_remaining }: z.infer<typeof Status>) => {
    const done = { files: files_done, bytes: bytes_done };
    if (expected) return { done, total: expected, secondsLeft: secondsLeft(done, expected, startedAt) };
    const isKnown = total_files !== undefined && total_bytes !== undefined && seconds_remaining !== undefined;
    const total = isKnown ? { files: total_files, bytes: total_bytes } : undefined;
    return { done, total, secondsLeft: seconds_remaining };
  };
}

function toWhole({ total_files_processed, total_bytes_processed }: z.infer<typeof BackupSummary>) {
  const done = { files: total_files_processed, bytes: total_bytes_processed };
  return { done, total: done, secondsLeft: 0 };
}

/** Reads the new point back from the target: only what can be listed there can be restored. */
async function requirePoint(
  context: ResticContext,
  id: string,
  options: Cancellable,
): Promise<{ point: Point; points: number }> {
  const points = await listPoints(context, signalOf(options));
  const point = points.find((one) => one.id === id);
  if (!point) throw failure("BACKUP_MANIFEST_DAMAGED", context.url.label, "it does not list what was just written");
  context.recent.keep(points);
  return { point, points: points.length };
}
