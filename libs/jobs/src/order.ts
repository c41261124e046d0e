import { randomUUID } from "node:crypto";
import { OperatorError } from "@appliance/errors";
import type { Job, Queue } from "bullmq";
import * as z from "zod";
import type { DataInput, JobContract } from "./contract.ts";

/** Not digits alone: BullMQ gives such ids itself. */
export const JobId = z.string().regex(/^(?!\d+$)[A-Za-z0-9._-]{1,128}$/);

const FIRST_RETRY_MS = 5000;

export interface EnqueueOptions {
  /**
   * The same id is the same job: asked for twice it runs once. Left out, every call is work of its own. Letters, digits and
   * `._-`, not digits alone. A finished job under the id is replaced, unless it belongs to the same `runId`.
   */
  id?: string;
}

/** A job to be asked for, checked. */
export interface Order<C extends JobContract = JobContract> {
  contract: C;
  id: string;
  data: { runId?: string };
  /** Nobody else knows the id, so nobody will look for the job once its result was read. */
  isNameless: boolean;
}

/** @throws OperatorError `JOB_DATA_INVALID`, RangeError when the id is none. */
export function toOrder<C extends JobContract>(contract: C, data: DataInput<C>, { id }: EnqueueOptions): Order<C> {
  const parsed = contract.data.safeParse(data);
  if (!parsed.success) {
    throw new OperatorError("JOB_DATA_INVALID", `${contract.name}: ${z.prettifyError(parsed.error)}`, {
      remedy: "Correct what was asked for and ask again.",
    });
  }
  if (id !== undefined && !JobId.safeParse(id).success) throw new RangeError(`not a job id: ${id}`);
  const isNameless = id === undefined;
  return { contract, id: id ?? `${contract.name}-${randomUUID()}`, data: parsed.data as Order["data"], isNameless };
}

/**
 * The job under the order's id, added where there is none: the first time, and again whenever Redis was emptied.
 * On the first look a finished job of an earlier run makes place.
 */
export async function ensureJob(queue: Queue, { contract, id, data }: Order, first: boolean): Promise<Job> {
  const found = await findJob(queue, id);
  if (found && !(first && isOfEarlierRun(found, data.runId))) return found;
  await found?.remove();
  await queue.add(contract.name, data, { ...optionsOf(contract), jobId: id });
  const added = await findJob(queue, id);
  if (!added) throw new Error(`job ${id} vanished while it was added`);
  return added;
}

/** What BullMQ is told of every job of a contract, asked for or scheduled. */
export function optionsOf({ attempts }: JobContract) {
  return {
    attempts,
    backoff: { type: "exponential", delay: FIRST_RETRY_MS },
    stackTraceLimit: 0, // a stack may quote what no other agent may read
  } as const;
}

export function findJob(queue: Queue, id: string): Promise<Job | undefined> {
  return queue.getJob(id);
}

function isOfEarlierRun(job: Job, runId: string | undefined): boolean {
  if (job.finishedOn === undefined) return false;
  return runId === undefined || (job.data as Order["data"]).runId !== runId;
}
