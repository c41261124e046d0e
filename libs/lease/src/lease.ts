import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isInterrupted, OperatorError, toFailure } from "@appliance/errors";
import { withFlock } from "@appliance/files";
import { readHolder, removeHolder, writeHolder, type LeaseHolder } from "./lease-file.ts";
import { createJournal, type RunJournal } from "./run-journal.ts";
import type { RunKind } from "./run-record.ts";
import { openRunRecords, type RunRecords } from "./run-records.ts";

export interface LeaseOptions {
  /** Holds lease.json and the lock; every agent that takes the lease can write there. */
  folder: string;
  /** Holds the run records; likewise. */
  runsFolder: string;
  /** Who asks. */
  agent: string;
  /** The host's boot id, `/proc/sys/kernel/random/boot_id`. */
  hostBoot: string;
  now?: () => Date;
}

export interface RunOptions {
  /** The same id goes on with the same run. */
  runId: string;
  kind: RunKind;
  /** How long to wait while another run holds the lease; 0 refuses at once. */
  waitMs?: number;
  /** Kinds of this agent's own dead runs that this one makes superfluous: an apply does all that an earlier one left undone. */
  supersedes?: readonly RunKind[];
  /**
   * The agent stops: waiting ends, and a run under way keeps its lease for the next process. Aborted with an `OperatorError`, such
   * as a time limit, the run has failed.
   */
  signal?: AbortSignal;
  /** Told once of each holder that has to be waited for. */
  onWait?: (holder: LeaseHolder | undefined) => void;
}

/** `signal` is that of the options, and aborts too when the lock was taken away by force: the work ends then. */
export type RunWork<T> = (journal: RunJournal, signal: AbortSignal) => Promise<T>;

export interface Lease {
  /**
   * Does a top-level run alone on this host, from its record to its record. Whatever it causes elsewhere carries the run id and takes no lease.
   * @throws OperatorError `LEASE_HELD` that says who holds it and since when; whatever `work` throws.
   */
  run<T>(options: RunOptions, work: RunWork<T>): Promise<T>;
  /** Who may change the host now. */
  holder(): Promise<LeaseHolder | undefined>;
  /** A run of this agent that is not over. Looked for at the start, to go on with it or to end it. */
  unfinished(): Promise<LeaseHolder | undefined>;
  /** Ends a dead run of this agent without going on with it. @throws OperatorError `LEASE_NOT_OURS`, `LEASE_HELD` while it is alive. */
  abandon(runId: string): Promise<void>;
  records: RunRecords;
}

/** A run that was just killed is free within milliseconds, one that works takes minutes. */
const FIRST_LOOK_MS = 50;
const LOOK_EVERY_MS = 1000;
const LOCK = "lock";

export function openLease(options: LeaseOptions): Lease {
  const records = openRunRecords(options.runsFolder);
  const holder = () => readHolder(options.folder, records);
  const deps: Deps = { ...options, now: options.now ?? (() => new Date()), records };
  return {
    records,
    holder,
    run: (run, work) => runAlone(deps, run, work),
    async unfinished() {
      const found = await holder();
      return found?.agent === options.agent ? found : undefined;
    },
    abandon: (runId) => abandon(deps, runId),
  };
}

type Deps = Required<LeaseOptions> & { records: RunRecords };

/** What one try to begin came to: the run's own outcome, or who stands in the way. */
type Attempt<T> = { result: T } | { heldBy: LeaseHolder | undefined };

async function runAlone<T>(deps: Deps, run: RunOptions, work: RunWork<T>): Promise<T> {
  const deadline = performance.now() + (run.waitMs ?? 0);
  let told: string | undefined;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LOOK_EVERY_MS)) {
    run.signal?.throwIfAborted();
    const attempt = await tryRun(deps, run, work);
    if ("result" in attempt) return attempt.result;
    const { heldBy } = attempt;
    if (performance.now() >= deadline) throw leaseHeld(run.kind, heldBy);
    if (told !== (heldBy?.runId ?? "")) run.onWait?.(heldBy);
    told = heldBy?.runId ?? "";
    await sleep(pauseMs, undefined, run.signal ? { signal: run.signal } : {});
  }
}

async function tryRun<T>(deps: Deps, run: RunOptions, work: RunWork<T>): Promise<Attempt<T>> {
  const outcome = await ifNobodyIsAtWork(deps.folder, async (lost): Promise<Attempt<T>> => {
    const holder = await readHolder(deps.folder, deps.records);
    if (holder && !mayTake(holder, deps.agent, run)) return { heldBy: holder };
    if (holder && holder.runId !== run.runId) await endAsAbandoned(deps, holder);
    const signal = run.signal ? AbortSignal.any([run.signal, lost]) : lost;
    return { result: await carryOut(deps, { ...run, signal }, holder, (journal) => work(journal, signal)) };
  });
  return outcome ?? { heldBy: await readHolder(deps.folder, deps.records) };
}

/**
 * Runs that change nothing of the host. When their agent died, it may be that very apply which starts it again: it must not wait for the
 * dead, who would wait for it.
 */
const LEAVES_NOTHING: ReadonlySet<RunKind> = new Set(["backup"]);

/** Nobody is at work on the holder's run: the agent that it names may go on with it, or drop it for one that does the same. */
function mayTake(holder: LeaseHolder, agent: string, { runId, supersedes = [] }: RunOptions): boolean {
  if (LEAVES_NOTHING.has(holder.kind)) return true;
  return holder.agent === agent && (holder.runId === runId || supersedes.includes(holder.kind));
}

async function carryOut<T>(
  deps: Deps,
  run: RunOptions & { signal: AbortSignal },
  before: LeaseHolder | undefined,
  work: (journal: RunJournal) => Promise<T>,
): Promise<T> {
  const journal = await begin(deps, run, before);
  let result: T;
  try {
    result = await work(journal);
  } catch (error) {
    // Stopped in the middle: record and lease stay as they are, and the run goes on where it was.
    if (isInterrupted(run.signal)) throw error;
    const failure = toFailure(run.signal.aborted ? run.signal.reason : error);
    // That the record cannot be written, for the disk is full, must hide neither why the run failed nor that it is over.
    await journal.finish("failed", failure).catch(() => undefined);
    await removeHolder(deps.folder);
    throw error;
  }
  try {
    await journal.finish("succeeded");
  } finally {
    await removeHolder(deps.folder);
  }
  return result;
}

async function begin(deps: Deps, { runId, kind }: RunOptions, before: LeaseHolder | undefined): Promise<RunJournal> {
  const { folder, agent, hostBoot, now, records } = deps;
  await records.prune();
  const earlier = before?.runId === runId ? before : undefined;
  await writeHolder(folder, { runId, kind, agent, since: earlier?.since ?? now().toISOString(), hostBoot });
  const rebooted = earlier !== undefined && earlier.hostBoot !== hostBoot;
  try {
    return await createJournal({ records, now, run: { id: runId, kind, agent }, rebooted });
  } catch (error) {
    // A run that could not begin holds nothing.
    if (!earlier) await removeHolder(folder);
    throw error;
  }
}

async function abandon(deps: Deps, runId: string): Promise<void> {
  const done = await ifNobodyIsAtWork(deps.folder, async () => {
    const holder = await readHolder(deps.folder, deps.records);
    if (holder?.runId !== runId) return true;
    if (holder.agent !== deps.agent) throw notOurs(holder);
    await endAsAbandoned(deps, holder);
    await removeHolder(deps.folder);
    return true;
  });
  if (!done) throw leaseHeld("abandon", await readHolder(deps.folder, deps.records));
}

async function endAsAbandoned({ records, now }: Deps, { runId }: LeaseHolder): Promise<void> {
  const record = await records.read(runId);
  if (record?.state === "running")
    await records.write({ ...record, state: "abandoned", finishedAt: now().toISOString() });
}

/**
 * Does `work` under a lock that the kernel takes from a process that dies: whoever gets it knows that no process works on the
 * run that the lease names. Undefined when the lock is taken.
 */
async function ifNobodyIsAtWork<T>(folder: string, work: (lost: AbortSignal) => Promise<T>): Promise<T | undefined> {
  const path = join(folder, LOCK);
  await makeLockFile(path);
  let begun = false;
  try {
    return await withFlock(path, { waitMs: 0 }, (lost) => {
      begun = true;
      return work(lost);
    });
  } catch (error) {
    if (!begun && error instanceof OperatorError && error.code === "LOCK_TAKEN") return undefined;
    throw error;
  }
}

/** Readable for all, because agents run under different users and locking needs no more. */
async function makeLockFile(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
  await file.close();
}

function leaseHeld(wanted: string, holder: LeaseHolder | undefined): OperatorError {
  const who = holder
    ? `${holder.kind} ${holder.runId} of ${holder.agent}, since ${holder.since}`
    : "a run that just began";
  return new OperatorError("LEASE_HELD", `The host is being changed by ${who}; ${wanted} has to wait.`, {
    remedy: "Wait until it has ended (`appliance status` shows it), then try again.",
  });
}

function notOurs({ agent, runId }: LeaseHolder): OperatorError {
  return new OperatorError("LEASE_NOT_OURS", `Only ${agent} may end its run ${runId}.`, {
    remedy: `Start ${agent}: it goes on with the run or ends it.`,
  });
}
