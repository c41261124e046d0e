import { formatBytes, formatCount, formatSeconds } from "../amounts.ts";
import { createBackupProgress } from "../backup-progress.ts";
import { DrillResult, VerifyResult } from "../backup-shapes.ts";
import { formatFailureAt } from "../backup-trouble.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { followJob } from "../follow-job.ts";
import { table } from "../table.ts";
import { formatTime } from "../terminal.ts";

type BackupContext = Pick<Context, "backupAgent" | "terminal">;

interface ProofOptions {
  target?: string;
  json: boolean;
}

/** `appliance backup verify`: is everything there, and is what was read today right? Exit code 1 where not. */
export async function verifyBackup(
  { everything, target, json }: ProofOptions & { everything: boolean },
  context: BackupContext,
): Promise<number> {
  const data = { requestedBy: "cli", everything, target: target ?? null };
  const answer = await ask("backup.verify", data, context);
  const { targets } = VerifyResult.parse(answer);
  const rows = targets.map(({ target: name, outcome, read, everythingReadSince, seconds }) => [
    name,
    outcome,
    `${formatBytes(read.bytes)}, ${formatCount(read.files, "file")}`,
    everythingReadSince === null ? "not yet" : formatTime(everythingReadSince),
    formatSeconds(seconds),
  ]);
  const heads = ["target", "outcome", "read now", "everything read since", "took"];
  return tell(answer, { targets, rows: [heads, ...rows], json }, context);
}

/** `appliance backup drill`: can it really be restored? Exit code 1 where not. */
export async function drillBackup({ target, json }: ProofOptions, context: BackupContext): Promise<number> {
  const answer = await ask("backup.drill", { requestedBy: "cli", target: target ?? null }, context);
  const { targets } = DrillResult.parse(answer);
  const rows = targets.map(({ target: name, outcome, of, seconds, report }) => [
    name,
    outcome === "sample" ? "proven, a sample for want of space" : outcome,
    of === null ? "-" : formatTime(of),
    formatSeconds(seconds),
    report ?? "-",
  ]);
  const heads = ["target", "outcome", "backup of", "a recovery takes", "report in /data/etc/backup/reports"];
  return tell(answer, { targets, rows: [heads, ...rows], json }, context);
}

function ask(name: string, data: object, { backupAgent, terminal }: BackupContext): Promise<unknown> {
  return followJob(backupAgent, { queue: "backup", name, data }, terminal.say, createBackupProgress());
}

interface Findings {
  targets: (VerifyResult | DrillResult)["targets"];
  rows: string[][];
  json: boolean;
}

function tell(answer: unknown, { targets, rows, json }: Findings, { terminal }: BackupContext): number {
  const failures = targets.flatMap(({ target, failure }) => (failure ? [formatFailureAt(target, failure)] : []));
  if (json) terminal.json(answer);
  else terminal.print([...table(rows), ...failures].join("\n"));
  return targets.some(({ outcome }) => outcome === "failed") ? EXIT.failed : EXIT.ok;
}
