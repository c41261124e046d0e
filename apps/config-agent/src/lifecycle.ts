import { isInterrupted } from "@appliance/errors";
import { formatProblem, parseEnv, type Env } from "@appliance/env";
import type {
  ConfigApply,
  ConfigCheck,
  ConfigStop,
  DatabaseCreate,
  EnvUpdate,
  ApplyProgress,
  ResultOf,
  Step,
} from "@appliance/jobs";
import type { Log } from "@appliance/jobs";
import type { Lease, RunJournal, RunRecord } from "@appliance/lease";
import { applyConfig, planConfig, refuseWhileFailed, type Goal } from "./apply-config.ts";
import { step, type Capability, type RunContext, type Wanted } from "./capability.ts";
import { forgetMigrations } from "./capabilities/application.ts";
import { createDatabase } from "./capabilities/database.ts";
import { forgetHooks } from "./capabilities/hooks.ts";
import type { Containers } from "./containers.ts";
import type { Database } from "./database/database.ts";
import type { ActiveEnv } from "./active-env.ts";
import { checkEnv, type EnvFinder } from "./env-source.ts";
import type { FailureFile } from "./status/failure.ts";
import { PATHS } from "./paths.ts";
import type { RootFiles } from "./root-files.ts";
import type { Status } from "./status/status.ts";
import { tellFailure, tellGoal } from "./status/tell.ts";
import { readTlsTexts, type TlsTexts } from "./tls-texts.ts";
import { changesSince, readWanted as read, type WantedDeps } from "./wanted.ts";

export interface LifecycleDeps extends WantedDeps {
  files: RootFiles;
  finder: EnvFinder;
  activeEnv: ActiveEnv;
  capabilities: readonly Capability[];
  containers: Containers;
  database: Database;
  failure: FailureFile;
  status: Status;
  lease: Lease;
  log: Log;
  /** Whether the application answers now, as a browser asks it. */
  answers: (domain: string, signal: AbortSignal) => Promise<boolean>;
  /** Told of each env.yml that was read, and of what is in the files that it names, for the log to keep their secrets out. */
  onEnv: (env: Env, tls?: TlsTexts) => void;
}

/** What a job hands to its work. */
export interface JobRun {
  id: string;
  signal: AbortSignal;
}

export interface ApplyRun extends JobRun {
  progress: (progress: ApplyProgress) => void;
}

/** Left out of a run while the application is not to run. */
const ONLY_WHILE_RUNNING = new Set(["prepare-ecs.early", "application", "prepare-ecs.late", "open"]);
/** A database can be created once these are in place. */
const LAST_BEFORE_DATABASE = "database-server";

/** How long an apply waits for a backup or an update to end before it says who is in the way. */
const LEASE_WAIT_MS = 10 * 60_000;

/** The start of the appliance and every change of it: the jobs of config-agent, one at a time. */
export function createLifecycle(deps: LifecycleDeps) {
  return {
    apply: (data: ConfigApply, job: ApplyRun) => (data.dryRun ? dryRun(data, deps) : applyAndTell(data, job, deps)),
    check: () => check(deps),
    updateEnv: (_data: EnvUpdate, job: JobRun) => alone(job, deps, () => updateEnv(deps)),
    stop: (_data: ConfigStop, job: JobRun) => alone(job, deps, () => stop(job, deps)),
    createDatabase: (_data: DatabaseCreate, job: JobRun) =>
      alone(job, deps, (journal) => createEmptyDatabase(job, journal, deps)),
  };
}

/** Does a top-level run while no other changes the host. What a dead run of this agent left undone, this one does. */
function alone<T>(job: JobRun, { lease, log }: LifecycleDeps, work: (journal: RunJournal) => Promise<T>): Promise<T> {
  return lease.run(
    {
      runId: runIdOf(job),
      kind: "apply",
      supersedes: ["apply"],
      waitMs: LEASE_WAIT_MS,
      signal: job.signal,
      onWait: (holder) => log.info({ holder }, "another run changes the host; waiting for it"),
    },
    work,
  );
}

async function dryRun({ forceStorage }: ConfigApply, deps: LifecycleDeps): Promise<ResultOf<typeof ConfigApply>> {
  const wanted = { ...(await readWanted(deps)), forceStorage };
  const plan = { capabilities: deps.capabilities, onlyWhileRunning: ONLY_WHILE_RUNNING };
  const steps = await planConfig(wanted, await decideGoal(wanted, deps), plan);
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
  return alone(job, deps, async (journal) => {
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
  const goal = await decideGoal(wanted, deps);
  const result = await applyConfig(wanted, goal, runContext(job, deps), {
    capabilities: deps.capabilities,
    onlyWhileRunning: ONLY_WHILE_RUNNING,
    interrupt: () => deps.status.interrupt(),
    ...tellSteps(job, journal, deps),
  });
  if (goal === "standby") await stopIfRunning(job, deps.containers);
  await deps.failure.clear();
  await tellGoal(goal, deps.status, result.steps);
  deps.log.info({ reason: data.reason, changed: result.changed, goal }, "configuration applied");
  return outcome(journal.record, result.steps);
}

/** A run is news from its first step on; one that finds nothing to do leaves the page as it is. */
function tellSteps(job: ApplyRun, journal: RunJournal, { capabilities, status, log }: LifecycleDeps) {
  const titles = capabilities.map(({ title }) => title);
  let begun = false;
  return {
    onStep: async (progress: ApplyProgress, title: string) => {
      await journal.startStep(progress.step);
      if (!begun) await status.begin(titles);
      begun = true;
      job.progress(progress);
      await status.at(title, progress.step);
    },
    onStepDone: async ({ summary, failed }: Step, err?: unknown) => {
      if (failed !== undefined) log.warn({ err, step: summary }, "a step failed that the appliance serves without");
      await journal.finishStep(summary, failed);
    },
  };
}

/**
 * A repair brings back what ran: neither a drive that was detached since nor an env.yml that is just being edited keeps it
 * from that.
 */
async function readWanted(deps: LifecycleDeps, reason?: ConfigApply["reason"]): Promise<Wanted> {
  const ran = reason === "repair" ? await deps.activeEnv.read() : null;
  const wanted = await read(ran ?? (await deps.finder.find()), deps, reason);
  deps.onEnv(wanted.env, wanted.tls);
  deps.status.setDomain(wanted.env.appliance.domain);
  return wanted;
}

async function decideGoal(wanted: Wanted, { files }: LifecycleDeps): Promise<Goal> {
  if (wanted.env.appliance.standby) return "standby";
  return (await files.exists(PATHS.stopped)) ? "stopped" : "running";
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
  await tellGoal("stopped", deps.status);
  return { stopped };
}

async function stopIfRunning(job: JobRun, containers: Containers): Promise<string[]> {
  const all = await containers.observe(job.signal);
  const running = all.filter(({ project, state }) => project === "application" && state === "running");
  if (running.length > 0)
    await containers.stop("application", [], { runId: runIdOf(job), signal: job.signal, note: () => {} });
  return running.map(({ service }) => service);
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

function runContext(job: JobRun, { status, log }: LifecycleDeps): RunContext {
  const note = (detail: string) => {
    log.info({ detail }, "step");
    // The page is for people; a word of it that is lost must not end the work.
    status.note(detail).catch((err: unknown) => log.warn({ err }, "the status page could not be written"));
  };
  return { runId: runIdOf(job), signal: job.signal, note };
}

function runIdOf({ id }: JobRun): string {
  return id.slice(0, 64);
}
