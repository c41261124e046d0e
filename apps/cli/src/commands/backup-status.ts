import * as z from "zod";
import { formatAge, formatBytes, formatCount, formatSeconds } from "../amounts.ts";
import { createBackupProgress } from "../backup-progress.ts";
import { BackupStatus, type TargetStatus } from "../backup-shapes.ts";
import { describeEscrow, savedAt, whatNeedsAHand } from "../backup-trouble.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { formatTime } from "../terminal.ts";

const Jobs = z.array(z.object({ name: z.string(), state: z.string(), progress: z.unknown() }));
type Jobs = z.infer<typeof Jobs>;

/** `appliance backup status`: what is known of each target. Exit code 1 when something needs a hand. */
export async function backupStatus(
  { json }: { json: boolean },
  { backupAgent, terminal }: Pick<Context, "backupAgent" | "terminal">,
): Promise<number> {
  const answer = await backupAgent.get("/backup/status");
  const status = BackupStatus.parse(answer);
  const now = new Date();
  if (json) terminal.json(answer);
  else terminal.print(describe(status, Jobs.parse(await backupAgent.get("/jobs")), now));
  return whatNeedsAHand(status, now).length === 0 ? EXIT.ok : EXIT.failed;
}

function describe(status: BackupStatus, jobs: Jobs, now: Date): string {
  const troubles = whatNeedsAHand(status, now);
  const help = troubles.length === 0 ? ["Nothing needs a hand."] : ["Needs a hand:", ...troubles];
  return [
    ...status.targets.flatMap((target) => describeTarget(target, now)),
    describeEscrow(status.escrow, now),
    ...describeNext(status),
    ...jobs.filter(({ state }) => state === "active").map(describeWork),
    "",
    ...help,
  ].join("\n");
}

function describeTarget(target: TargetStatus, now: Date): string[] {
  const { name, engine, url, appendOnly, lastSuccess, usage } = target;
  const saved = lastSuccess
    ? `${when(savedAt(lastSuccess), now)}: ${formatBytes(lastSuccess.source.bytes)} in ${formatCount(lastSuccess.source.files, "file")}, ` +
      `${formatBytes(lastSuccess.stored.bytes)} new there, in ${formatSeconds(lastSuccess.seconds)}`
    : "none";
  const stored = usage
    ? `${formatBytes(usage.stored.bytes)} in ${formatCount(usage.points, "backup")}`
    : "not known yet";
  return [
    `${name}: ${url}, ${engine}${appendOnly ? ", nothing can be deleted there from here" : ""}`,
    `  last backup  ${saved}`,
    `  verified     ${describeVerified(target, now)}`,
    `  proven       ${describeProven(target, now)}`,
    `  stored       ${stored}`,
    ...describeForecast(target),
    "",
  ];
}

function describeVerified({ verified }: TargetStatus, now: Date): string {
  if (!verified) return "never";
  const { at, everythingReadSince, failure } = verified;
  const read =
    everythingReadSince === null
      ? "not everything was read yet"
      : `everything read since ${formatTime(everythingReadSince)}`;
  return `${when(at, now)}${failure ? ", and found wrong" : ""}; ${read}`;
}

function describeProven({ proven }: TargetStatus, now: Date): string {
  if (!proven) return "never";
  const extent = proven.whole ? "" : "a sample of ";
  return `${when(proven.at, now)}: ${extent}the backup of ${formatTime(proven.of)}; a recovery takes about ${formatSeconds(proven.seconds)}`;
}

function describeForecast({ forecast }: TargetStatus): string[] {
  if (!forecast) return [];
  const { needBytes, freeBytes, seconds } = forecast;
  const free = freeBytes === null ? "" : ` of ${formatBytes(freeBytes)} free`;
  const time = seconds === null ? "" : `, and about ${formatSeconds(seconds)}`;
  return [`  next backup  needs about ${formatBytes(needBytes)}${free}${time}`];
}

const when = (at: string, now: Date) => `${formatTime(at)}, ${formatAge(at, now)}`;

function describeNext({ standby, next }: BackupStatus): string[] {
  if (standby) return ["Nothing is backed up by itself: this host is in standby."];
  const parts = Object.entries(next).flatMap(([what, at]) => (at === null ? [] : [`${what} ${formatTime(at)}`]));
  return [`next: ${parts.join(", ")}`];
}

function describeWork({ name, progress }: Jobs[number]): string {
  const doing = createBackupProgress()(progress);
  return `under way: ${name}${doing === undefined ? "" : `: ${doing}`}`;
}
