import { toFailure } from "@appliance/errors";
import { formatProblem, parseEnv, type Env } from "@appliance/env";
import type { ConfigApply, ConfigCheck, ConfigStop, DatabaseCreate, ApplyProgress, ResultOf } from "@appliance/jobs";
import type { Log } from "@appliance/jobs";
import type { Lease, RunJournal } from "@appliance/lease";
import { applyConfig, planConfig, refuseWhileFailed, type Goal } from "./apply-config.ts";
import type { Capability, RunContext, Wanted } from "./capability.ts";
import { forgetMigrations } from "./capabilities/application.ts";
import { createDatabase } from "./capabilities/database.ts";
import type { Containers } from "./containers.ts";
import type { Database } from "./database.ts";
import { findEnv } from "./env-source.ts";
import type { FailureFile } from "./failure.ts";
import { PATHS } from "./paths.ts";
import type { RootFiles } from "./root-files.ts";
import type { Status } from "./status.ts";
import { readWanted as read, type WantedDeps } from "./wanted.ts";

export interface LifecycleDeps extends WantedDeps {
  files: RootFiles;
  capabilities: readonly Capability[];
  containers: Containers;
  database: Database;
  failure: FailureFile;
  status: Status;
  lease: Lease;
  log: Log;
  /** Told of each env.yml that was read, for the log to keep its secrets out. */
  onEnv: (env: Env, source: string) => void;
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
const ONLY_WHILE_RUNNING = new Set(["application", "open"]);
/** A database can be created once these are in place. */
const LAST_BEFORE_DATABASE = "database-server";

/** How long an apply waits for a backup or an update to end before it says who is in the way. */
const LEASE_WAIT_MS = 10 * 60_000;

/** The start of the appliance and every change of it: the jobs of config-agent, one at a time. */
export function createLifecycle(deps: LifecycleDeps) {
  return {
    apply: (data: ConfigApply, job: ApplyRun) => (data.dryRun ? dryRun(deps) : applyAndTell(data, job, deps)),
    check: () => check(deps),
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

async function dryRun(deps: LifecycleDeps): Promise<ResultOf<typeof ConfigApply>> {
  const wanted = await readWanted(deps);
  const plan = { capabilities: deps.capabilities, onlyWhileRunning: ONLY_WHILE_RUNNING };
  const steps = await planConfig(wanted, await decideGoal(wanted, deps), plan);
  return { steps, changed: 0, dryRun: true };
}

/** An apply as its watchers see it: status page, failure file and log. */
async function applyAndTell(
  data: ConfigApply,
  job: ApplyRun,
  deps: LifecycleDeps,
): Promise<ResultOf<typeof ConfigApply>> {
  refuseWhileFailed((await deps.failure.read()) !== undefined, data.reason);
  try {
    const result = await alone(job, deps, (journal) => apply(data, job, journal, deps));
    await deps.failure.clear();
    return result;
  } catch (err) {
    if (!job.signal.aborted) await tellFailure(err, deps);
    throw err;
  }
}

async function apply(
  data: ConfigApply,
  job: ApplyRun,
  journal: RunJournal,
  deps: LifecycleDeps,
): Promise<ResultOf<typeof ConfigApply>> {
  const { status, files, containers } = deps;
  const wanted = await readWanted(deps);
  status.setDomain(wanted.env.appliance.domain);
  if (data.start) await files.remove(PATHS.stopped);
  const goal = await decideGoal(wanted, deps);
  const titles = deps.capabilities.map(({ title }) => title);
  let begun = false;
  const result = await applyConfig(wanted, goal, runContext(job, deps), {
    capabilities: deps.capabilities,
    onlyWhileRunning: ONLY_WHILE_RUNNING,
    interrupt: () => status.show(true),
    onStepDone: ({ summary }) => journal.finishStep(summary),
    onStep: async (progress, title) => {
      await journal.startStep(progress.step);
      if (!begun) await status.begin("The appliance is starting", titles);
      begun = true;
      job.progress(progress);
      await status.at(title, progress.step);
    },
  });
  if (goal === "standby") await stopIfRunning(job, containers);
  await settle(goal, deps);
  deps.log.info({ reason: data.reason, changed: result.changed, goal }, "configuration applied");
  return { ...result, dryRun: false };
}

/** Where the application still serves, a failure is told everywhere but in the application's place. */
async function tellFailure(err: unknown, { failure, status, log }: LifecycleDeps): Promise<void> {
  const told = toFailure(err);
  log.error({ err, code: told.code }, "applying the configuration failed");
  if (told.code === "ENV_ABSENT") {
    await status.settle({ phase: "unconfigured", headline: "This server is not configured yet", hint: told.remedy });
    return;
  }
  await failure.write(told);
  await status.fail({ ...told, since: new Date().toISOString() });
}

async function readWanted(deps: LifecycleDeps): Promise<Wanted> {
  const wanted = await read(deps);
  deps.onEnv(wanted.env, wanted.source);
  return wanted;
}

async function decideGoal(wanted: Wanted, { files }: LifecycleDeps): Promise<Goal> {
  if (wanted.env.appliance.standby) return "standby";
  return (await files.exists(PATHS.stopped)) ? "stopped" : "running";
}

async function settle(goal: Goal, { status }: LifecycleDeps): Promise<void> {
  if (goal === "running") return status.settle({ phase: "ready", headline: "The application is in service" });
  await status.show(true);
  if (goal === "standby")
    return status.settle({
      phase: "standby",
      headline: "The server stands by",
      hint: "Remove `appliance:standby` from env.yml and run `appliance apply` to put it into service.",
    });
  return status.settle({
    phase: "stopped",
    headline: "Stopped by the operator",
    hint: "`appliance start` starts the application again.",
  });
}

async function check({ host, envYml }: LifecycleDeps): Promise<ResultOf<typeof ConfigCheck>> {
  const source = await findEnv(host.root, envYml);
  const { problems } = parseEnv(source.text, { file: source.name });
  return {
    source: source.name,
    problems: problems.map((problem) => ({ ...problem, message: formatProblem(problem) })),
  };
}

/** The flag first: whatever happens to the containers, the application does not come back by itself. */
async function stop(job: JobRun, deps: LifecycleDeps): Promise<ResultOf<typeof ConfigStop>> {
  await deps.files.write(PATHS.stopped, "", { mode: 0o644 });
  await deps.status.show(true);
  const stopped = await stopIfRunning(job, deps.containers);
  await settle("stopped", deps);
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
    interrupt: () => deps.status.show(true),
    onStep: ({ step }) => journal.startStep(step),
    onStepDone: ({ summary }) => journal.finishStep(summary),
  });
  const created = await createDatabase(deps.files, deps.database, wanted.env.appliance.database.locale);
  if (created) await forgetMigrations(deps.files);
  deps.log.info({ created }, "database created");
  return { created };
}

function runContext(job: JobRun, { log }: LifecycleDeps): RunContext {
  return { runId: runIdOf(job), signal: job.signal, note: (detail) => log.info({ detail }, "step") };
}

function runIdOf({ id }: JobRun): string {
  return id.slice(0, 64);
}
