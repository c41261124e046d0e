import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import type { Job, Queue } from "bullmq";
import * as z from "zod";
import type { JobContract, ProgressOf, ResultOf } from "./contract.ts";
import { parseFailedReason, toOperatorError } from "./failed-reason.ts";
import { ensureJob, type EnqueueOptions, type Order } from "./order.ts";
import { forbidden, isForbidden, unavailable } from "./queue-error.ts";

/** Quick work is answered quickly; what takes longer is looked at every second. */
const FIRST_LOOK_MS = 25;
const LOOK_EVERY_MS = 1000;
/** What a request may take on top of the work itself, for the jobs in front of it. */
const WAITING_ALLOWANCE_MS = 60_000;
/** What BullMQ answers when it does not remove a job because a worker holds its lock. */
const AT_WORK = 0;

export interface RequestOptions<C extends JobContract> extends EnqueueOptions {
  /** Ends the waiting, not the job: a run that goes on later asks again under the same id. */
  signal?: AbortSignal;
  onProgress?: (progress: ProgressOf<C>) => void;
  /** How long to wait, the time in the queue included. Default: all attempts of the contract and a minute. */
  timeLimitMs?: number;
}

/** Asks and waits, through a queue that is emptied, restarted or away meanwhile. */
export async function request<C extends JobContract>(
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

/**
 * Takes the job back unless somebody is at work on it, so that it does not start, or start again, behind the back of a run that
 * is over. One that is being worked on ends by its own time limit.
 */
async function giveUp(
  queue: Queue,
  { contract, id }: Order,
  timeLimitMs: number,
  job: Job | undefined,
  trouble: unknown,
): Promise<OperatorError> {
  if (trouble !== undefined) return unavailable(trouble);
  const seconds = Math.round(timeLimitMs / 1000);
  const isTakenBack = (await queue.remove(id).catch(() => AT_WORK)) !== AT_WORK;
  if (isTakenBack && job?.processedOn === undefined) {
    return new OperatorError("JOB_NOT_TAKEN", `${contract.owner} did not begin ${contract.name} within ${seconds} s.`, {
      remedy: `See with \`appliance status\` whether ${contract.owner} runs and what it is doing, then try again.`,
    });
  }
  return new OperatorError("JOB_TIME_LIMIT", `${contract.name} did not end within ${seconds} s.`, {
    remedy: `Look at \`appliance jobs\` and \`appliance logs ${contract.owner}\`, then try again.`,
  });
}
