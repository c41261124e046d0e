import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import { Queue, type Job, type JobType } from "bullmq";
import * as z from "zod";
import { connectProducer, firstConnection, type QueueConnection } from "./connection.ts";
import type { AgentName, DataInput, JobContract, ProgressOf, QueueName, ResultOf } from "./contract.ts";
import { parseFailedReason, toOperatorError } from "./failed-reason.ts";
import { stateOf, viewJob, type JobView } from "./job-view.ts";
import type { Log } from "./log.ts";

/** Quick work is answered quickly; what takes longer is looked at every second. */
const FIRST_LOOK_MS = 25;
const LOOK_EVERY_MS = 1000;
/** What a request may take on top of the work itself, for the jobs in front of it. */
const WAITING_ALLOWANCE_MS = 60_000;
const JOB_ID = /^(?!\d+$)[A-Za-z0-9._-]{1,128}$/;

export interface EnqueueOptions {
  /**
   * The same id is the same job: asked for twice it runs once. Left out, every call is work of its own. Letters, digits and
   * `._-`, not digits alone. A finished job under the id is replaced, unless it belongs to the same `runId`.
   */
  id?: string;
}

export interface RequestOptions<C extends JobContract> extends EnqueueOptions {
  /** Ends the waiting, not the job: a run that goes on later asks again under the same id. */
  signal?: AbortSignal;
  onProgress?: (progress: ProgressOf<C>) => void;
  /** How long to wait, the time in the queue included. Default: all attempts of the contract and a minute. */
  timeLimitMs?: number;
}

export interface Producer {
  /**
   * Has a job done and brings its result. Survives a queue that is emptied, restarted or away meanwhile.
   * @throws OperatorError the job's own failure, `JOB_NOT_TAKEN` or `JOB_TIME_LIMIT` when its time is up,
   *   `QUEUE_UNAVAILABLE` when the queue stayed away, `QUEUE_FORBIDDEN` when the contract names this agent no sender.
   */
  request<C extends JobContract>(contract: C, data: DataInput<C>, options?: RequestOptions<C>): Promise<ResultOf<C>>;
  /** Asks without waiting. @throws OperatorError `QUEUE_UNAVAILABLE` at once while Redis is away. */
  enqueue<C extends JobContract>(contract: C, data: DataInput<C>, options?: EnqueueOptions): Promise<{ id: string }>;
  /** One job as it is now, undefined when there is none. @throws OperatorError `QUEUE_UNAVAILABLE` */
  look(queue: QueueName, id: string): Promise<JobView | undefined>;
  /** The newest jobs of a queue first. Only its owner may. @throws OperatorError `QUEUE_UNAVAILABLE` */
  recent(queue: QueueName, limit: number): Promise<JobView[]>;
  /** Whether Redis can be reached now. */
  isConnected(): boolean;
  close(): Promise<void>;
}

export function createProducer({ connection, agent, log }: ProducerDeps): Producer {
  const redis = connectProducer({ username: agent, ...connection }, log);
  const queues = new Map<QueueName, Queue>();
  const open = (name: QueueName): Queue => {
    const queue = queues.get(name) ?? openQueue(name, redis);
    queues.set(name, queue);
    return queue;
  };
  return {
    async request(contract, data, options = {}) {
      const order = toOrder(contract, data, options);
      await firstConnection(redis);
      return request(open(contract.queue), order, options);
    },
    async enqueue(contract, data, options = {}) {
      const order = toOrder(contract, data, options);
      await firstConnection(redis);
      await asQueueError(() => ensureJob(open(contract.queue), order, true));
      return { id: order.id };
    },
    async look(queue, id) {
      await firstConnection(redis);
      const job = await asQueueError(() => findJob(open(queue), id));
      return job && viewJob(job);
    },
    async recent(queue, limit) {
      await firstConnection(redis);
      const jobs = await asQueueError(() => open(queue).getJobs(RECENT_TYPES, 0, limit - 1));
      const views = jobs.filter((job) => job !== undefined).map(viewJob);
      return views.sort((a, b) => b.enqueuedAt.localeCompare(a.enqueuedAt)).slice(0, limit);
    },
    isConnected: () => redis.status === "ready",
    async close() {
      for (const queue of queues.values()) await queue.close();
      redis.disconnect();
    },
  };
}

const RECENT_TYPES: JobType[] = ["active", "waiting", "delayed", "completed", "failed"];

interface ProducerDeps {
  connection: QueueConnection;
  /** Whose Redis user asks. */
  agent: AgentName;
  log?: Log;
}

/** A job to be asked for, checked. */
interface Order<C extends JobContract = JobContract> {
  contract: C;
  id: string;
  data: { runId?: string };
  /** Nobody else knows the id, so nobody will look for the job once its result was read. */
  isNameless: boolean;
}

function toOrder<C extends JobContract>(contract: C, data: DataInput<C>, { id }: EnqueueOptions): Order<C> {
  const parsed = contract.data.safeParse(data);
  if (!parsed.success) {
    throw new OperatorError("JOB_DATA_INVALID", `${contract.name}: ${z.prettifyError(parsed.error)}`, {
      remedy: "Correct what was asked for and ask again.",
    });
  }
  if (id !== undefined && !JOB_ID.test(id)) throw new RangeError(`not a job id: ${id}`);
  const isNameless = id === undefined;
  return { contract, id: id ?? `${contract.name}-${randomUUID()}`, data: parsed.data as Order["data"], isNameless };
}

function openQueue(name: QueueName, redis: ReturnType<typeof connectProducer>): Queue {
  // Without these three a queue that is opened while Redis is away would wait for it, or never work again.
  const options = { connection: redis, skipWaitingForReady: true, skipVersionCheck: true, skipMetasUpdate: true };
  const queue = new Queue(name, options);
  queue.on("error", () => {}); // the connection itself reports; every call reports to its caller
  return queue;
}

async function request<C extends JobContract>(
  queue: Queue,
  order: Order<C>,
  { signal, onProgress, timeLimitMs = defaultTimeLimit(order.contract) }: RequestOptions<C>,
): Promise<ResultOf<C>> {
  const deadline = performance.now() + timeLimitMs;
  const report = progressReporter(order.contract, onProgress);
  let seen: Job | undefined;
  let trouble: unknown;
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LOOK_EVERY_MS)) {
    signal?.throwIfAborted();
    try {
      seen = await ensureJob(queue, order, seen === undefined);
      trouble = undefined;
    } catch (error) {
      if (isForbidden(error)) throw forbidden(error);
      trouble = error;
    }
    if (seen && !trouble) {
      report(seen.progress);
      if (seen.finishedOn !== undefined) return settle(queue, order, seen);
    }
    if (performance.now() >= deadline) throw await giveUp(queue, order, timeLimitMs, seen, trouble);
    await sleep(pauseMs, undefined, signal ? { signal } : {});
  }
}

function defaultTimeLimit({ attempts, timeLimitMs }: JobContract): number {
  return attempts * timeLimitMs + WAITING_ALLOWANCE_MS;
}

/**
 * The job under the order's id, added where there is none: the first time, and again whenever Redis was emptied.
 * On the first look a finished job of an earlier run makes place.
 */
async function ensureJob(queue: Queue, { contract, id, data }: Order, first: boolean): Promise<Job> {
  const found = await findJob(queue, id);
  if (found && !(first && isOfEarlierRun(found, data.runId))) return found;
  await found?.remove();
  await queue.add(contract.name, data, {
    jobId: id,
    attempts: contract.attempts,
    backoff: { type: "exponential", delay: 5000 },
    stackTraceLimit: 0, // a stack may quote what no other agent may read
  });
  const added = await findJob(queue, id);
  if (!added) throw new Error(`job ${id} vanished while it was added`);
  return added;
}

function findJob(queue: Queue, id: string): Promise<Job | undefined> {
  return queue.getJob(id);
}

function isOfEarlierRun(job: Job, runId: string | undefined): boolean {
  if (job.finishedOn === undefined) return false;
  return runId === undefined || (job.data as Order["data"]).runId !== runId;
}

function progressReporter<C extends JobContract>(
  contract: C,
  onProgress: ((progress: ProgressOf<C>) => void) | undefined,
): (progress: unknown) => void {
  let last: string | undefined;
  return (progress) => {
    const text = JSON.stringify(progress);
    if (!onProgress || text === last) return;
    last = text;
    const parsed = contract.progress.safeParse(progress);
    if (parsed.success) onProgress(parsed.data as ProgressOf<C>);
  };
}

/** A look of every half minute must not push what matters out of the list of recent jobs. What failed stays for people to see. */
async function settle<C extends JobContract>(queue: Queue, { contract, id, isNameless }: Order<C>, job: Job) {
  const result = outcome(contract, job);
  if (isNameless) await queue.remove(id).catch(() => {}); // it goes with the oldest then
  return result;
}

function outcome<C extends JobContract>(contract: C, job: Job): ResultOf<C> {
  if (job.failedReason) throw toOperatorError(parseFailedReason(contract.name, job.failedReason));
  const result = contract.result.safeParse(job.returnvalue);
  if (result.success) return result.data as ResultOf<C>;
  throw new OperatorError("JOB_RESULT_INVALID", `${contract.name}: ${z.prettifyError(result.error)}`, {
    remedy: `Bring ${contract.owner} and the agent that asked to the same version, then try again.`,
  });
}

/** Takes the job back where nobody has begun it, so that it does not start behind the back of a run that is over. */
async function giveUp(
  queue: Queue,
  { contract, id }: Order,
  timeLimitMs: number,
  job: Job | undefined,
  trouble: unknown,
): Promise<OperatorError> {
  if (trouble !== undefined) return unavailable(trouble);
  const seconds = Math.round(timeLimitMs / 1000);
  if (job && stateOf(job) === "waiting") {
    await queue.remove(id).catch(() => {}); // it has been taken up meanwhile: then it ends by its own time limit
    return new OperatorError("JOB_NOT_TAKEN", `${contract.owner} did not begin ${contract.name} within ${seconds} s.`, {
      remedy: `See with \`appliance status\` whether ${contract.owner} runs and what it is doing, then try again.`,
    });
  }
  return new OperatorError("JOB_TIME_LIMIT", `${contract.name} did not end within ${seconds} s.`, {
    remedy: `Look at \`appliance jobs\` and \`appliance logs ${contract.owner}\`, then try again.`,
  });
}

async function asQueueError<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw isForbidden(error) ? forbidden(error) : unavailable(error);
  }
}

/** Refused as a command, or inside a script, where Redis up to 7.0 has other words for it. */
const FORBIDDEN = /NOPERM|ACL failure in script|user executing the script can't/;

function isForbidden(error: unknown): boolean {
  return error instanceof Error && FORBIDDEN.test(error.message);
}

function forbidden(cause: unknown): OperatorError {
  return new OperatorError("QUEUE_FORBIDDEN", "The queue does not allow this agent to do that.", {
    remedy: "Start the appliance again, so that the users of the queue are written anew; if it stays, report it.",
    cause,
  });
}

function unavailable(cause: unknown): OperatorError {
  return new OperatorError("QUEUE_UNAVAILABLE", "The queue cannot be reached.", {
    remedy: "See with `appliance status` whether `queue` runs; `appliance start` starts it.",
    cause,
  });
}
