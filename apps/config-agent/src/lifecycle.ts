import { isInterrupted } from "@appliance/errors";
import { formatProblem, parseEnv } from "@appliance/env";
import type {
  ApplyProgress,
  ConfigApply,
  ConfigCheck,
  ConfigRecover,
  ConfigStop,
  DatabaseCreate,
  EnvUpdate,
  ResultOf,
  Step,
} from "@appliance/jobs";
import type { RunJournal, RunRecord } from "@appliance/lease";
import { applyConfig, planConfig, refuseWhileFailed } from "./apply-config.ts";
import { step, type Wanted } from "./capability.ts";
import { forgetMigrations } from "./capabilities/application.ts";
import { createDatabase } from "./capabilities/database.ts";
import { forgetHooks } from "./capabilities/hooks.ts";
import { checkEnv } from "./env-source.ts";
import {
  alone,
  applyWanted,
  decideGoal,
  ONLY_WHILE_RUNNING,
  partsFor,
  readWanted,
  runContext,
  runIdOf,
  stopIfRunning,
  tellSteps,
  type JobRun,
} from "./one-run.ts";
import { PATHS } from "./paths.ts";
import { recover, type RecoverDeps, type RecoverRun } from "./recovery/recover-config.ts";
import { tellFailure, tellGoal } from "./status/tell.ts";
import { readTlsTexts } from "./tls-texts.ts";
import { changesSince } from "./wanted.ts";

export type LifecycleDeps = RecoverDeps;

export interface ApplyRun extends JobRun {
  progress: (progress: ApplyProgress) => void;
}

/** A database can be created once these are in place. */
const LAST_BEFORE_DATABASE = "database-server";

/** The start of the appliance and every change of it: the jobs of config-agent, one at a time. */
export function createLifecycle(deps: LifecycleDeps) {
  return {
    apply: (data: ConfigApply, job: ApplyRun) => (data.dryRun ? dryRun(data, deps) : applyAndTell(data, job, deps)),
    check: () => check(deps),
    updateEnv: (_data: EnvUpdate, job: JobRun) => alone("apply", job, deps, () => updateEnv(deps)),
    stop: (_data: ConfigStop, job: JobRun) => alone("apply", job, deps, () => stop(job, deps)),
    recover: (data: ConfigRecover, job: RecoverRun) => recover(data, job, deps),
    createDatabase: (_data: DatabaseCreate, job: JobRun) =>
      alone("apply", job, deps, (journal) => createEmptyDatabase(job, journal, deps)),
  };
}

async function dryRun({ forceStorage }: ConfigApply, deps: LifecycleDeps): Promise<ResultOf<typeof ConfigApply>> {
  const wanted = { ...(await readWanted(deps)), forceStorage };
  const goal = await decideGoal(wanted, deps);
  const capabilities = partsFor(goal, deps.capabilities);
  const steps = await planConfig(wanted, goal, { capabilities, onlyWhileRunning: ONLY_WHILE_RUNNING });
  return { steps, changed: 0, dryRun: true };
}

/**
 * What env.yml asks for is read first: where it cannot be, a running appliance is not touched and not called failed. What fails
 * after that is told to everyone who watches.
 */
async function applyAndTell(
  data: ConfigApply,
  job: ApplyRun,
  deps: LifecycleDeps,
): Promise<ResultOf<typeof ConfigApply>> {
  const earlier = await outcomeOf(job, deps);
  if (earlier) return earlier;
  refuseWhileFailed((await deps.failure.read()) !== undefined, data.reason);
  return alone("apply", job, deps, async (journal) => {
    let wanted: Wanted | undefined;
    try {
      wanted = { ...(await readWanted(deps, data.reason)), forceStorage: data.forceStorage };
      return await apply(wanted, data, job, journal, deps);
    } catch (err) {
      const untouched = wanted === undefined && (await deps.status.isServing());
      if (!untouched && !isInterrupted(job.signal)) await tellFailure(err, deps, job.signal);
      throw err;
    }
  });
}

/** A job that was delivered again after its queue was emptied has its outcome in the record of its run. */
async function outcomeOf(job: JobRun, { lease }: LifecycleDeps): Promise<ResultOf<typeof ConfigApply> | undefined> {
  const record = await lease.records.read(runIdOf(job));
  return record?.state === "succeeded" ? outcome(record, []) : undefined;
}

/** All that a run did, `now` and in earlier deliveries, such as the package work that has restarted this agent. */
function outcome({ steps: recorded }: RunRecord, now: readonly Step[]): ResultOf<typeof ConfigApply> {
  const bare = (summary: string) => step({ capability: "", summary });
  const steps = recorded.map(({ name }) => now.find(({ summary }) => summary === name) ?? bare(name));
  return { steps, changed: steps.length, dryRun: false };
}

async function apply(
  wanted: Wanted,
  data: ConfigApply,
  job: ApplyRun,
  journal: RunJournal,
  deps: LifecycleDeps,
): Promise<ResultOf<typeof ConfigApply>> {
  if (data.start) await deps.files.remove(PATHS.stopped);
  const titles = deps.capabilities.map(({ title }) => title);
  const telling = { begin: () => deps.status.begin(titles), progress: job.progress };
  const result = await applyWanted(wanted, deps.capabilities, job, tellSteps(telling, journal, deps), deps);
  deps.log.info({ reason: data.reason, changed: result.changed, goal: result.goal }, "configuration applied");
  return outcome(journal.record, result.steps);
}

async function check({ finder, files }: LifecycleDeps): Promise<ResultOf<typeof ConfigCheck>> {
  const source = await finder.find();
  const { env, document, problems } = parseEnv(source.text, { file: source.name });
  const inFiles = env ? (await readTlsTexts({ env, document }, files)).problems : [];
  return { source: source.name, problems: [...problems, ...inFiles] };
}

/** Only the active env.yml; what follows from it is for the next apply. */
async function updateEnv({ finder, activeEnv, files, onEnv, log }: LifecycleDeps): Promise<ResultOf<typeof EnvUpdate>> {
  const source = await finder.find();
  const { env, warnings } = checkEnv(source);
  onEnv(env);
  const before = await activeEnv.read();
  const changes = await changesSince(files, source, env);
  await activeEnv.activate(source);
  log.info({ source: source.name, sha256: source.sha256 }, "active configuration written");
  return {
    source: source.name,
    sha256: source.sha256,
    before: before?.sha256 ?? null,
    changes,
    passedOver: [...finder.passedOver()],
    warnings: warnings.map(formatProblem),
  };
}

/** The flag first: whatever happens to the containers, the application does not come back by itself. */
async function stop(job: JobRun, deps: LifecycleDeps): Promise<ResultOf<typeof ConfigStop>> {
  await deps.files.write(PATHS.stopped, "", { mode: 0o644 });
  await forgetHooks(deps.files);
  await deps.status.show(true);
  const stopped = await stopIfRunning(job, deps.containers);
  await tellGoal("stopped", deps);
  return { stopped };
}

/** Everything that the database server needs is put in place first, as an apply would. */
async function createEmptyDatabase(
  job: JobRun,
  journal: RunJournal,
  deps: LifecycleDeps,
): Promise<ResultOf<typeof DatabaseCreate>> {
  const wanted = await readWanted(deps);
  const last = deps.capabilities.findIndex(({ name }) => name === LAST_BEFORE_DATABASE);
  await applyConfig(wanted, "running", runContext(job, deps), {
    capabilities: deps.capabilities.slice(0, last + 1),
    onlyWhileRunning: ONLY_WHILE_RUNNING,
    interrupt: () => deps.status.interrupt(),
    onStep: ({ step }) => journal.startStep(step),
    onStepDone: ({ summary, failed }) => journal.finishStep(summary, failed),
  });
  const created = await createDatabase(deps.files, deps.database, wanted.env.appliance.database.locale);
  if (created) await forgetMigrations(deps.files);
  deps.log.info({ created }, "database created");
  return { created };
}
