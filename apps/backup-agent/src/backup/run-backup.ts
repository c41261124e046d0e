import { join } from "node:path";
import { OperatorError, toFailure } from "@appliance/errors";
import type { BackupProgress, BackupRun, JobContext, Log, ResultOf, Work } from "@appliance/jobs";
import type { Lease, RunJournal } from "@appliance/lease";
import type { Config } from "../config.ts";
import type { BackupAgentSlice, TargetSettings } from "../slice.ts";
import { hasSaved, type TargetStates } from "../targets/target-state.ts";
import type { Targets } from "../targets/targets.ts";
import type { Content, ContentOrder } from "./content-order.ts";
import { nothingSaved } from "./nothing-saved.ts";
import { createReporter } from "./reporter.ts";
import { saveToTarget, type Outcome } from "./save-to-target.ts";

export interface BackupRunDeps {
  config: Config;
  /** @throws OperatorError `SLICE_MISSING` */
  slice: () => Promise<BackupAgentSlice>;
  targets: Targets;
  states: TargetStates;
  lease: Lease;
  /** `makeContent`, wherever it is done. */
  makeContent: (order: ContentOrder, context: ContentContext) => Promise<Content>;
  now: () => Date;
}

export interface ContentContext {
  signal: AbortSignal;
  onProgress: (progress: BackupProgress) => void;
  log: Log;
}

type Context = JobContext<typeof BackupRun>;
type Result = ResultOf<typeof BackupRun>;

/** How long a backup waits for an apply or an update to end before it says who is in the way. */
const LEASE_WAIT_MS = 3_600_000;

/**
 * One backup: content first, then each target. Killed anywhere it is done again from the start, which costs what changed meanwhile:
 * the content is made anew, and the engines take away what a dead run left.
 */
export function createBackupRun(deps: BackupRunDeps): Work<typeof BackupRun> {
  return async (data, context) => {
    const slice = await deps.slice();
    if (slice.standby) throw inStandby();
    const chosen = await deps.targets.chosen(data.target);
    const work = (signal: AbortSignal, journal?: RunJournal) =>
      backUp(chosen, slice, { ...data, journal }, { ...context, signal }, deps);
    // The run that asks for it holds the host already.
    if (data.runId !== undefined) return work(context.signal);
    const run = { runId: runIdOf(context.id), kind: "backup", supersedes: ["backup"], waitMs: LEASE_WAIT_MS } as const;
    const onWait = (holder: unknown) => context.log.info({ holder }, "another run changes the host; waiting for it");
    return deps.lease.run({ ...run, signal: context.signal, onWait }, (journal, signal) => work(signal, journal));
  };
}

/** A job of a schedule is named `repeat:backup:1763942400000`. */
const runIdOf = (jobId: string) => jobId.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 64);

interface Order {
  full: boolean;
  acceptLoss: boolean;
  journal: RunJournal | undefined;
}

async function backUp(
  chosen: readonly TargetSettings[],
  slice: BackupAgentSlice,
  { full, acceptLoss, journal }: Order,
  { signal, progress, log }: Context,
  deps: BackupRunDeps,
): Promise<Result> {
  const startedAt = deps.now();
  const onProgress = createReporter(progress, log);
  const content = await during("Make the content", journal, () =>
    makeContent(slice, acceptLoss, { signal, onProgress, log }, deps),
  ).catch(async (error: unknown) => {
    signal.throwIfAborted();
    await noteFailed(chosen, startedAt, error, deps);
    throw error;
  });
  for (const alert of content.alerts) log.error(alert, "a backup needs a person to look at it");
  const outcomes: Outcome[] = [];
  const alerts = [...content.alerts];
  for (const target of chosen) {
    const saving = { content, full, signal, onProgress, log };
    const saved = await during(`Save to ${target.name}`, journal, () =>
      saveToTarget(target, saving, { ...deps, dataDir: deps.config.dataDir }),
    );
    outcomes.push(saved.outcome);
    alerts.push(...saved.alerts);
  }
  if (outcomes.every(({ outcome }) => outcome === "failed")) throw nothingSaved(outcomes);
  const seconds = (deps.now().getTime() - startedAt.getTime()) / 1000;
  return { targets: outcomes, alerts, seconds: Math.max(0, seconds) };
}

async function during<T>(step: string, journal: RunJournal | undefined, work: () => Promise<T>): Promise<T> {
  await journal?.startStep(step);
  const result = await work();
  await journal?.finishStep(step);
  return result;
}

/** What kept every target from its backup is the failure of each: there it is looked for. */
async function noteFailed(
  targets: readonly TargetSettings[],
  startedAt: Date,
  error: unknown,
  { states, now }: BackupRunDeps,
): Promise<void> {
  const none = { point: null, source: { files: 0, bytes: 0 }, stored: { files: 0, bytes: 0 } };
  const seconds = Math.max(0, (now().getTime() - startedAt.getTime()) / 1000);
  const lastRun = {
    startedAt: startedAt.toISOString(),
    seconds,
    outcome: "failed",
    failure: toFailure(error),
    ...none,
  } as const;
  for (const target of targets) {
    await states.at(target);
    await states.update(target.name, { lastRun });
  }
}

async function makeContent(
  { sealSecrets, envFingerprint, targets }: BackupAgentSlice,
  lossAccepted: boolean,
  context: ContentContext,
  { config, states, makeContent: make }: BackupRunDeps,
): Promise<Content> {
  const known = await Promise.all(targets.map(({ name }) => states.read(name)));
  const order: ContentOrder = {
    version: config.version,
    dataDir: config.dataDir,
    stateDir: config.stateDir,
    databaseSocketDir: config.databaseSocketDir,
    scratchDir: config.scratchDir,
    temporaryDir: join(config.volatileDir, "temporary", "content"),
    sealSecrets,
    envFingerprint,
    lossAccepted,
    neverSaved: !known.some(hasSaved),
  };
  return make(order, context);
}

function inStandby(): OperatorError {
  return new OperatorError("BACKUP_IN_STANDBY", "This host is in standby, and backs nothing up.", {
    remedy: "Back up on the host that is live, or make this one live with `appliance activate`.",
  });
}
