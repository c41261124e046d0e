import type { Amount, BackupEngine, BackupOutcome, PruneOutcome, Usage } from "@appliance/backup-engine";
import { OperatorError, toFailure, type Failure } from "@appliance/errors";
import type { BackupProgress, BackupRun, Log, ResultOf } from "@appliance/jobs";
import { FOLDERS } from "../contents.ts";
import type { TargetSettings } from "../slice.ts";
import { forecastRun, requireRoom } from "../targets/forecast.ts";
import { hasSaved, type TargetState, type TargetStates } from "../targets/target-state.ts";
import type { Targets } from "../targets/targets.ts";
import type { Content } from "./content-order.ts";

export type Outcome = ResultOf<typeof BackupRun>["targets"][number];

export interface SaveDeps {
  targets: Targets;
  states: TargetStates;
  dataDir: string;
  now: () => Date;
}

export interface Saving {
  content: Content;
  full: boolean;
  signal: AbortSignal;
  onProgress: (progress: BackupProgress) => void;
  log: Log;
}

/** What became of one target, and what a person should look at there. */
export interface Saved {
  outcome: Outcome;
  alerts: Failure[];
}

const NOTHING = { files: 0, bytes: 0 };

/** Saves the content to one target. What fails there is its outcome and no error; only the end of `signal` is thrown. */
export async function saveToTarget(target: TargetSettings, saving: Saving, deps: SaveDeps): Promise<Saved> {
  const startedAt = deps.now();
  const seconds = () => Math.max(0, (deps.now().getTime() - startedAt.getTime()) / 1000);
  try {
    await deps.states.at(target);
    const work = (engine: BackupEngine) => saveWith(engine, target, startedAt, saving, deps);
    return await deps.targets.use(target, work, saving.signal, { patient: true });
  } catch (error) {
    saving.signal.throwIfAborted();
    const outcome = failedOutcome(target, error, seconds(), saving.content);
    saving.log.error({ target: target.name, err: error }, "a backup target failed");
    const { alerts } = saving.content;
    await deps.states.update(target.name, { lastRun: runOf(startedAt, outcome), alerts });
    return { outcome, alerts: [] };
  }
}

async function saveWith(
  engine: BackupEngine,
  target: TargetSettings,
  startedAt: Date,
  saving: Saving,
  deps: SaveDeps,
): Promise<Saved> {
  const { signal, content, full } = saving;
  const state = await deps.states.read(target.name);
  const create = full || !hasSaved(state);
  await lookAhead(target, state, create, saving, deps);
  const done = await engine.backup(
    { root: deps.dataDir, paths: FOLDERS },
    { create, full, expected: content.source, signal, onProgress: teller(target, saving) },
  );
  const pruned = await prune(engine, done, saving);
  const seconds = (deps.now().getTime() - startedAt.getTime()) / 1000;
  const saved = {
    outcome: outcomeOf(target, done, pruned.postponed ?? null, seconds),
    alerts: [...done.findings, ...pruned.findings].map(({ code, message, remedy }) => ({ code, message, remedy })),
  };
  for (const alert of saved.alerts) saving.log.error({ target: target.name, ...alert }, "a backup target needs a hand");
  await record(target, startedAt, saved, saving, deps);
  await noteNews(engine, target, { added: done.stored, points: done.points - pruned.removed.length }, saving, deps);
  return saved;
}

/** Forecasts this run, for whoever watches and for `requireRoom`. */
async function lookAhead(
  target: TargetSettings,
  state: TargetState,
  full: boolean,
  saving: Saving,
  deps: SaveDeps,
): Promise<void> {
  const forecast = await forecastAt(deps.now(), target, state, full, saving, deps);
  saving.log.info({ target: target.name, ...forecast }, "a backup begins");
  requireRoom(target.name, forecast, forecast.freeBytes);
}

/** Notes what a run that begins at `begin` would add, and what is free for it. */
async function forecastAt(
  begin: Date,
  target: TargetSettings,
  state: TargetState,
  full: boolean,
  { content: { source, dumpBytes } }: Saving,
  { targets, states, now }: SaveDeps,
): Promise<NonNullable<TargetState["forecast"]>> {
  const forecast = {
    at: now().toISOString(),
    ...forecastRun({ engine: target.engine, full, source, dumpBytes, state, now: begin }),
    freeBytes: await targets.freeBytes(target),
  };
  await states.update(target.name, { forecast });
  return forecast;
}

function teller({ name }: TargetSettings, { onProgress }: Saving) {
  const sentence = `Saving to ${name}`;
  onProgress({ sentence, done: NOTHING, total: null, secondsLeft: null });
  return ({
    done,
    total,
    secondsLeft,
  }: {
    done: BackupProgress["done"];
    total: BackupProgress["done"] | undefined;
    secondsLeft: number | undefined;
  }) => onProgress({ sentence, done, total: total ?? null, secondsLeft: secondsLeft ?? null });
}

/** What is stored is stored: that old backups could not be removed says so and makes nothing of it fail. */
async function prune(
  engine: BackupEngine,
  { complete }: BackupOutcome,
  { content, signal, log }: Saving,
): Promise<PruneOutcome> {
  const not = (postponed: string): PruneOutcome => ({ removed: [], postponed, findings: [] });
  if (!complete) return not("This backup is incomplete, so no older one is removed.");
  if (!content.purge)
    return not("Much data is gone, or nothing can be compared with; until that is cleared up, nothing is removed.");
  try {
    return await engine.prune({ signal });
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ err: error }, "old backups were not removed");
    return not(toFailure(error).message);
  }
}

function outcomeOf(
  { name }: TargetSettings,
  done: BackupOutcome,
  pruningPostponed: string | null,
  seconds: number,
): Outcome {
  const { point, complete, skipped, source, stored } = done;
  return {
    target: name,
    outcome: complete ? "saved" : "incomplete",
    point: { ...point, at: point.at.toISOString() },
    source,
    stored,
    skipped: [...skipped],
    pruningPostponed,
    failure: complete ? null : toFailure(incomplete(name, skipped)),
    seconds,
  };
}

function incomplete(name: string, skipped: readonly string[]): OperatorError {
  return new OperatorError(
    "BACKUP_INCOMPLETE",
    `Files could not be read, and the backup at ${name} lacks them: ${skipped.slice(0, 3).join("; ")}`,
    { remedy: "Check the disk of /data (dmesg) and these files, then start the backup again." },
  );
}

function failedOutcome({ name }: TargetSettings, error: unknown, seconds: number, { source }: Content): Outcome {
  const failed = { outcome: "failed", point: null, stored: NOTHING, skipped: [], pruningPostponed: null } as const;
  return { target: name, ...failed, skipped: [], source, failure: toFailure(error), seconds };
}

function runOf(startedAt: Date, { outcome, failure, point, source, stored, seconds }: Outcome) {
  return { startedAt: startedAt.toISOString(), seconds, outcome, failure, point, source, stored };
}

async function record(
  target: TargetSettings,
  startedAt: Date,
  { outcome, alerts }: Saved,
  saving: Saving,
  deps: SaveDeps,
) {
  const { lastFull } = await deps.states.read(target.name);
  const run = runOf(startedAt, outcome);
  const isFull = run.point?.kind === "full" || lastFull === null;
  const success =
    run.outcome === "saved" ? { lost: false, lastSuccess: run, ...(isFull ? { lastFull: run } : {}) } : {};
  await deps.states.update(target.name, { lastRun: run, alerts: [...saving.content.alerts, ...alerts], ...success });
}

const DAY_MS = 86_400_000;

/** What is known of a target after a run without asking it. */
interface Turnover {
  added: Amount;
  points: number;
}

/** How full the target is, and whether the next run fits. No more than news: the backup is there whether the target tells or not. */
async function noteNews(
  engine: BackupEngine,
  target: TargetSettings,
  turnover: Turnover,
  saving: Saving,
  deps: SaveDeps,
): Promise<void> {
  try {
    const tomorrow = new Date(deps.now().getTime() + DAY_MS);
    const state = await deps.states.read(target.name);
    await forecastAt(tomorrow, target, state, false, saving, deps);
    const usage = state.usage ? carriedOn(state.usage, turnover) : await engine.usage({ signal: saving.signal });
    await deps.states.update(target.name, { usage: { ...usage, at: deps.now().toISOString() } });
  } catch (error) {
    saving.signal.throwIfAborted();
    saving.log.warn({ err: error }, "a backup target does not tell how much it holds");
  }
}

/**
 * The daily check counts the bytes that are stored: to ask restic for it takes longer than a whole night without changes, where there are many files.
 * Until then what was removed counts as stored, and after a recovery the run that was recovered does not.
 */
const carriedOn = ({ stored }: Usage, { added, points }: Turnover): Usage => ({
  stored: { files: stored.files + added.files, bytes: stored.bytes + added.bytes },
  points,
});
