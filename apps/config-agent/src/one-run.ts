import type { Env } from "@appliance/env";
import type { ApplyProgress, ConfigApply, Log, Step } from "@appliance/jobs";
import type { Lease, RunJournal } from "@appliance/lease";
import { OperatorError } from "@appliance/errors";
import type { ActiveEnv } from "./active-env.ts";
import { applyConfig, type ApplyDeps, type ApplyResult, type Goal } from "./apply-config.ts";
import type { Capability, RunContext, Wanted } from "./capability.ts";
import type { Containers } from "./containers.ts";
import type { Database } from "./database/database.ts";
import type { EnvFinder } from "./env-source.ts";
import { PATHS } from "./paths.ts";
import type { PulledData } from "./recovery/pulled-data.ts";
import type { RootFiles } from "./root-files.ts";
import type { FailureFile } from "./status/failure.ts";
import type { Status } from "./status/status.ts";
import { tellGoal } from "./status/tell.ts";
import type { TlsTexts } from "./tls-texts.ts";
import { readWanted as read, type WantedDeps } from "./wanted.ts";

/** What every top-level run of this agent uses: an apply, a stop, a recovery. */
export interface RunDeps extends WantedDeps {
  files: RootFiles;
  finder: EnvFinder;
  activeEnv: ActiveEnv;
  capabilities: readonly Capability[];
  containers: Containers;
  database: Database;
  failure: FailureFile;
  status: Status;
  lease: Lease;
  pulled: PulledData;
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

/** Left out of a run while the application is not to run. */
export const ONLY_WHILE_RUNNING = new Set(["prepare-ecs.early", "application", "prepare-ecs.late", "open"]);

/** How long a run waits for a backup or an update to end before it says who is in the way. */
const LEASE_WAIT_MS = 10 * 60_000;

/** What of this agent's own dead runs each kind makes superfluous: an apply finishes no recovery. */
const SUPERSEDES = { apply: ["apply"], restore: ["apply", "restore"] } as const;

/**
 * Does a top-level run while no other changes the host. What a dead run of this agent left undone, this one does.
 * @throws OperatorError `RECOVERY_UNFINISHED`, `LEASE_HELD`
 */
export async function alone<T>(
  kind: keyof typeof SUPERSEDES,
  job: JobRun,
  { lease, log }: RunDeps,
  work: (journal: RunJournal) => Promise<T>,
): Promise<T> {
  if (kind === "apply") await refuseDuringRecovery(lease);
  return lease.run(
    {
      runId: runIdOf(job),
      kind,
      supersedes: SUPERSEDES[kind],
      waitMs: LEASE_WAIT_MS,
      signal: job.signal,
      onWait: (holder) => log.info({ holder }, "another run changes the host; waiting for it"),
    },
    work,
  );
}

/** One that this agent died in waits in the queue behind whatever asks now, so waiting for it would be in vain. */
async function refuseDuringRecovery(lease: Lease): Promise<void> {
  const unfinished = await lease.unfinished();
  if (unfinished?.kind !== "restore") return;
  throw new OperatorError(
    "RECOVERY_UNFINISHED",
    `The recovery that began at ${unfinished.since} was interrupted and goes on by itself.`,
    { remedy: "Watch it with `appliance status --watch`, and try again once it has ended." },
  );
}

/**
 * A repair brings back what ran: neither a drive that was detached since nor an env.yml that is just being edited keeps it
 * from that.
 */
export async function readWanted(deps: RunDeps, reason?: ConfigApply["reason"]): Promise<Wanted> {
  const ran = reason === "repair" ? await deps.activeEnv.read() : null;
  const wanted = await read(ran ?? (await deps.finder.find()), deps, reason);
  deps.onEnv(wanted.env, wanted.tls);
  deps.status.setDomain(wanted.env.appliance.domain);
  return wanted;
}

export async function decideGoal(wanted: Wanted, { files }: Pick<RunDeps, "files">): Promise<Goal> {
  if (wanted.env.appliance.standby) return "standby";
  return (await files.exists(PATHS.stopped)) ? "stopped" : "running";
}

/** A host in standby has no database before it holds a backup. */
export function partsFor(goal: Goal, capabilities: readonly Capability[]): readonly Capability[] {
  return goal === "standby" ? capabilities.filter(({ name }) => name !== "database") : capabilities;
}

type Telling = Pick<ApplyDeps, "onStep" | "onStepDone">;

/** Brings the appliance to what env.yml and the operator want of it, and tells what it came to. */
export async function applyWanted(
  wanted: Wanted,
  capabilities: readonly Capability[],
  job: JobRun,
  telling: Telling,
  deps: RunDeps,
): Promise<ApplyResult & { goal: Goal }> {
  const goal = await decideGoal(wanted, deps);
  if (goal !== "standby") await deps.pulled.goLive();
  const result = await applyConfig(wanted, goal, runContext(job, deps), {
    capabilities: partsFor(goal, capabilities),
    onlyWhileRunning: ONLY_WHILE_RUNNING,
    interrupt: () => deps.status.interrupt(),
    ...telling,
  });
  if (goal === "standby") await stopIfRunning(job, deps.containers);
  await deps.failure.clear();
  await tellGoal(goal, deps, result.steps);
  return { ...result, goal };
}

interface TellingOptions {
  /** Called before the first step of the run. */
  begin: () => Promise<void>;
  progress: (progress: ApplyProgress) => void;
}

/** A run is news from its first step on; one that finds nothing to do leaves the page as it is. */
export function tellSteps(
  { begin, progress }: TellingOptions,
  journal: RunJournal,
  { status, log }: Pick<RunDeps, "status" | "log">,
): Telling {
  let begun = false;
  return {
    onStep: async (told, title) => {
      await journal.startStep(told.step);
      if (!begun) await begin();
      begun = true;
      progress(told);
      await status.at(title, told.step);
    },
    onStepDone: async ({ summary, failed }: Step, err?: unknown) => {
      if (failed !== undefined) log.warn({ err, step: summary }, "a step failed that the appliance serves without");
      await journal.finishStep(summary, failed);
    },
  };
}

/** Stops the application. Returns the services that ran. */
export async function stopIfRunning(job: JobRun, containers: Containers): Promise<string[]> {
  const all = await containers.observe(job.signal);
  const running = all.filter(({ project, state }) => project === "application" && state === "running");
  if (running.length > 0)
    await containers.stop("application", [], { runId: runIdOf(job), signal: job.signal, note: () => {} });
  return running.map(({ service }) => service);
}

export function runContext(job: JobRun, { status, log }: Pick<RunDeps, "status" | "log">): RunContext {
  const note = (detail: string) => {
    log.info({ detail }, "step");
    // The page is for people; a word of it that is lost must not end the work.
    status.note(detail).catch((err: unknown) => log.warn({ err }, "the status page could not be written"));
  };
  return { runId: runIdOf(job), signal: job.signal, note };
}

export function runIdOf({ id }: JobRun): string {
  return id.slice(0, 64);
}
