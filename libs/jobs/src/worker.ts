import { OperatorError } from "@appliance/errors";
import { WaitingError, Worker, type Job } from "bullmq";
import type { Redis } from "ioredis";
import type { JobContract, QueueName } from "./contract.ts";
import { toJobError } from "./failed-reason.ts";
import { Interrupted, type JobHandler } from "./handle.ts";
import type { Log } from "./log.ts";
import { repeatStrategy } from "./repeat-strategy.ts";
import { createTurns } from "./turns.ts";

/** A killed worker's job is free once its lock ran out and is found by the next check: within 12 s. */
const LOCK_MS = 8000;
const STALLED_CHECK_MS = 4000;
/** A job fails for good only by our word, however often its worker died. */
const STALLED_LIMIT = 1_000_000;
const RETRY_MS = 1000;
const DRAIN_MS = 5000;
/** With no job under way there is only Redis to take leave of, which may be away. */
const DRAIN_IDLE_MS = 1000;
const SAME_NEWS_MS = 60_000;
const DAY_S = 86_400;
const KEEP_COMPLETED = { count: 200, age: 7 * DAY_S };
const KEEP_FAILED = { count: 200, age: 30 * DAY_S };

export type JobOutcome = "completed" | "failed" | "interrupted";

export interface WorkerOptions {
  /** From `connectWorker`; shared between the workers and schedules of one agent, and closed by whoever opened it. */
  redis: Redis;
  queue: QueueName;
  handlers: readonly JobHandler[];
  /** Jobs at the same time. Default 1. */
  concurrency?: number;
  log: Log;
  /** Told of every delivery that ended. */
  onFinished?: (contract: JobContract, outcome: JobOutcome, seconds: number) => void;
}

export interface JobWorker {
  /** Jobs that are being worked on now. */
  activeJobs(): number;
  /** Takes no more jobs, aborts those under way and puts them back into the queue. Takes at most 5 s. */
  close(): Promise<void>;
}

/** Works on the jobs of one queue until it is closed, whatever happens to Redis meanwhile. */
export function startWorker(options: WorkerOptions): JobWorker {
  const { redis, queue, handlers, concurrency = 1, log } = options;
  const byName = new Map(handlers.map((handler) => [handler.contract.name, handler]));
  const turns = createTurns();
  // BullMQ passes the signal only to a processor that declares all three parameters.
  const process = async (job: Job, token: string | undefined, signal: AbortSignal | undefined) => {
    const handler = byName.get(job.name);
    if (!handler) throw toJobError(unknownJob(job));
    const cancelled = signal ?? new AbortController().signal;
    return turns.take(job, () => deliver(handler, job, cancelled, options)).catch(giveBack(handler, job, token));
  };
  const worker = new Worker(queue, process, {
    connection: redis,
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: STALLED_LIMIT,
    runRetryDelay: RETRY_MS,
    removeOnComplete: KEEP_COMPLETED,
    removeOnFail: KEEP_FAILED,
    settings: { repeatStrategy },
  });
  const report = disturbanceReporter(queue, log);
  worker.on("error", (err) => {
    if (redis.status === "ready") report(err); // else the connection reports
  });
  const close = () => closeWorker(worker, turns.active() > 0 ? DRAIN_MS : DRAIN_IDLE_MS);
  return { activeJobs: turns.active, close };
}

/** The lock of a job that an emptied Redis has forgotten is missed every few seconds, for as long as the work goes on. */
function disturbanceReporter(queue: QueueName, log: Log): (err: Error) => void {
  let [last, at] = ["", -Infinity];
  return (err) => {
    if (err.message === last && performance.now() - at < SAME_NEWS_MS) return;
    [last, at] = [err.message, performance.now()];
    log.warn({ err, queue }, "queue work was disturbed");
  };
}

/** One delivery from its log line to its log line. What is thrown is the handler's own error. */
async function deliver(handler: JobHandler, job: Job, cancelled: AbortSignal, { log, onFinished }: WorkerOptions) {
  const { contract } = handler;
  const fields = { job: contract.name, id: job.id, attempt: job.attemptsMade + 1 };
  const startedAt = performance.now();
  const finish = (outcome: JobOutcome) => onFinished?.(contract, outcome, (performance.now() - startedAt) / 1000);
  log.info(fields, "job started");
  try {
    const result = await handler.run({
      id: job.id ?? "",
      enqueuedAt: new Date(job.timestamp),
      data: job.data,
      attempt: job.attemptsMade + 1,
      cancelled,
      progress: progressWriter(job, log),
      log,
    });
    finish("completed");
    log.info(fields, "job completed");
    return result;
  } catch (error) {
    const outcome = error instanceof Interrupted ? "interrupted" : "failed";
    finish(outcome);
    log[outcome === "failed" ? "error" : "warn"]({ ...fields, err: error }, `job ${outcome}`);
    throw error;
  }
}

/** Progress is news, not state: that it cannot be written, for Redis was emptied or is away, must not end the work. */
function progressWriter(job: Job, log: Log): (progress: unknown) => void {
  return (progress) => {
    job.updateProgress(progress as object).catch((err: unknown) => log.debug({ err, id: job.id }, "progress is lost"));
  };
}

/** Turns what the handler threw into what BullMQ is to do: put an interrupted job back, or fail it with its reason. */
function giveBack({ contract }: JobHandler, job: Job, token: string | undefined) {
  return async (error: unknown): Promise<never> => {
    if (!(error instanceof Interrupted)) throw toJobError(error, contract.retryOn);
    await job.moveToWait(token);
    throw new WaitingError();
  };
}

async function closeWorker(worker: Worker, limitMs: number): Promise<void> {
  worker.cancelAllJobs("the agent is stopping"); // work may take hours, `docker stop` waits seconds
  const closed = worker.close();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([closed, late]);
  clearTimeout(timer);
}

function unknownJob(job: Job): OperatorError {
  return new OperatorError("JOB_UNKNOWN", `This agent does not know the job ${job.name}.`, {
    remedy: "Bring all agents to the same version, then ask again.",
  });
}
