import { formatBytes, formatCount, formatSeconds } from "../amounts.ts";
import { createBackupProgress } from "../backup-progress.ts";
import { RunResult, type RunOutcome } from "../backup-shapes.ts";
import { formatFailureAt } from "../backup-trouble.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { followJob } from "../follow-job.ts";
import { table } from "../table.ts";
import { formatFailure, formatTime } from "../terminal.ts";

export interface RunOptions {
  full: boolean;
  acceptLoss: boolean;
  target?: string;
  json: boolean;
}

/** `appliance backup run`: a backup to each target now. Exit code 1 where one did not get everything. */
export async function runBackup(
  { full, acceptLoss, target, json }: RunOptions,
  { backupAgent, terminal }: Pick<Context, "backupAgent" | "terminal">,
): Promise<number> {
  const data = { requestedBy: "cli", full, acceptLoss, target: target ?? null };
  const request = { queue: "backup", name: "backup.run", data };
  const answer = await followJob(backupAgent, request, terminal.say, createBackupProgress());
  const result = RunResult.parse(answer);
  if (json) terminal.json(answer);
  else terminal.print(describe(result));
  return result.targets.every(({ outcome }) => outcome === "saved") ? EXIT.ok : EXIT.failed;
}

function describe({ targets, alerts, seconds }: RunResult): string {
  const heads = ["target", "outcome", "saved", "new there", "took"];
  return [
    ...table([heads, ...targets.map(row)]),
    ...targets.flatMap(remarks),
    ...alerts.map(formatFailure),
    `All together ${formatSeconds(seconds)}.`,
  ].join("\n");
}

function row({ target, outcome, point, source, stored, seconds }: RunOutcome): string[] {
  const saved = point ? `${formatBytes(source.bytes)}, ${formatCount(source.files, "file")}` : "-";
  return [
    target,
    point ? `${outcome}, ${formatTime(point.at)}` : outcome,
    saved,
    formatBytes(stored.bytes),
    formatSeconds(seconds),
  ];
}

const SHOWN = 10;

function remarks({ target, skipped, pruningPostponed, failure }: RunOutcome): string[] {
  const more = skipped.length - SHOWN;
  return [
    ...(failure ? [formatFailureAt(target, failure)] : []),
    ...skipped.slice(0, SHOWN).map((line) => `${target}: not saved: ${line}`),
    ...(more > 0 ? [`${target}: and ${more} more that could not be read`] : []),
    ...(pruningPostponed === null ? [] : [`${target}: old backups stay for now: ${pruningPostponed}`]),
  ];
}
