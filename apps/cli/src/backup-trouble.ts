import type { Failure } from "@appliance/errors";
import { formatAge, formatBytes } from "./amounts.ts";
import type { BackupStatus, EscrowStatus, TargetStatus } from "./backup-shapes.ts";
import { formatFailure, formatTime } from "./terminal.ts";

const DAY_S = 86_400;
/** A change of env.yml may wait so long for its next copy in a safe. */
const COPY_WITHIN_DAYS = 7;

/** What a person should look after, each with what to do; empty when all is well. */
export function whatNeedsAHand({ standby, targets, escrow }: BackupStatus, now: Date): string[] {
  // What the whole run found is told of each of its targets.
  const alerts = [...new Set(targets.flatMap(({ alerts }) => alerts.map(formatFailure)))];
  const troubles = standby ? [] : [...targets.flatMap(troublesOf), ...alerts];
  return [...troubles, ...(isCopyLate(escrow, now) ? [COPY_LATE] : [])];
}

function troublesOf({ name, lastRun, lastSuccess, missedAt, verified, drill, forecast }: TargetStatus): string[] {
  const found: string[] = [];
  if (lastRun === null) found.push(`There is no backup at ${name} yet.\n  → Start one with \`appliance backup run\`.`);
  if (missedAt !== null) found.push(missed(name, missedAt));
  if (lastRun?.outcome === "failed") found.push(`The last backup at ${name} failed.`);
  if (lastRun?.outcome === "incomplete")
    found.push(`The last backup at ${name} is not complete.\n  → Read what is missing: appliance logs backup-agent`);
  if (lastRun && !lastSuccess) found.push(`${name} never held a whole backup.`);
  const failures = [lastRun?.failure, verified?.failure, drill?.failure].filter(
    (one) => one !== null && one !== undefined,
  );
  const tooBig = lastRun?.outcome === "failed" ? [] : nextDoesNotFit(name, forecast);
  return [...found, ...tooBig, ...new Set(failures.map((failure) => formatFailureAt(name, failure)))];
}

/** A failure says what happened, and of what server; an operator knows a target by the name of env.yml. */
export const formatFailureAt = (target: string, failure: Failure): string =>
  formatFailure({ ...failure, message: `${target}: ${failure.message}` });

function nextDoesNotFit(name: string, forecast: TargetStatus["forecast"]): string[] {
  if (!forecast || forecast.freeBytes === null || forecast.needBytes <= forecast.freeBytes) return [];
  const [need, free] = [formatBytes(forecast.needBytes), formatBytes(forecast.freeBytes)];
  return [
    `The next backup at ${name} needs about ${need}, and ${free} is free there.\n  → Free space there or keep fewer backups.`,
  ];
}

const missed = (name: string, at: string) =>
  `The backup of ${formatTime(at)} at ${name} did not come.\n  → Read why: appliance jobs, appliance logs backup-agent`;

const COPY_LATE =
  "env.yml was neither proven nor packaged since its last change.\n" +
  "  → Put a copy into a safe: appliance env package /app/env.yml; or prove the one there: appliance backup prove FILE";

function isCopyLate({ since, provenAt, packagedAt }: EscrowStatus, now: Date): boolean {
  if (since === null || provenAt !== null || packagedAt !== null) return false;
  return now.getTime() - Date.parse(since) > COPY_WITHIN_DAYS * DAY_S * 1000;
}

/** The one time of a backup, wherever it is shown: with it `--at` finds that backup. */
export const savedAt = ({ point, startedAt }: NonNullable<TargetStatus["lastSuccess"]>): string =>
  point?.at ?? startedAt;

/** How safe env.yml is, in words. */
export function describeEscrow({ since, provenAt, packagedAt }: EscrowStatus, now: Date): string {
  const last = lastOf([provenAt, packagedAt]);
  if (last !== undefined) return `env.yml ${last === provenAt ? "proven" : "packaged"} ${formatAge(last, now)}`;
  const changed = since === null ? "" : `, which was ${formatAge(since, now)}`;
  return `env.yml neither proven nor packaged since its last change${changed}`;
}

/** One line for `appliance status`. */
export function summarize(status: BackupStatus, now: Date): string {
  const { standby, targets, escrow } = status;
  if (standby) return "backup: none in standby";
  const saved = targets.map(({ lastSuccess }) => lastSuccess && savedAt(lastSuccess));
  const failed = targets.flatMap(({ name, lastRun }) => (lastRun && lastRun.outcome !== "saved" ? [name] : []));
  const proven = lastOf(targets.map((target) => target.proven?.of));
  const parts = [
    saved.includes(null) ? "not everywhere yet" : formatAge(firstOf(saved) ?? "", now),
    ...(failed.length === 0 ? [] : [`the last one failed at ${failed.join(", ")}`]),
    proven === undefined ? "never proven" : `proven with that of ${formatAge(proven, now)}`,
    describeEscrow(escrow, now),
  ];
  const hand = whatNeedsAHand(status, now).length > 0 ? " → appliance backup status" : "";
  return `backup: ${parts.join("; ")}${hand}`;
}

/** Times in one notation are in the order of their text. */
const inOrder = (times: readonly (string | null | undefined)[]) =>
  times.filter((at) => typeof at === "string").sort((a, b) => (a < b ? -1 : 1));
const firstOf = (times: readonly (string | null | undefined)[]) => inOrder(times).at(0);
const lastOf = (times: readonly (string | null | undefined)[]) => inOrder(times).at(-1);
