import type { Failure } from "@appliance/errors";
import type { Job } from "bullmq";
import { parseFailedReason } from "./failed-reason.ts";

/** `waiting` includes a pause before another try. */
export type JobState = "waiting" | "active" | "completed" | "failed";

/** What can be told of a job to whoever may look. */
export interface JobView {
  id: string;
  queue: string;
  name: string;
  state: JobState;
  data: unknown;
  /** Null until the work has said something. */
  progress: unknown;
  result: unknown;
  failure: Failure | null;
  /** Tries that failed so far. */
  failedAttempts: number;
  enqueuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export async function viewJob(job: Job): Promise<JobView> {
  const state = await stateOf(job);
  return {
    id: job.id ?? "",
    queue: job.queueName,
    name: job.name,
    state,
    data: job.data,
    progress: job.progress === 0 ? null : job.progress, // BullMQ's word for "none yet"
    result: state === "completed" ? job.returnvalue : null,
    failure: state === "failed" ? parseFailedReason(job.name, job.failedReason) : null,
    failedAttempts: state === "completed" ? Math.max(0, job.attemptsMade - 1) : job.attemptsMade,
    enqueuedAt: new Date(job.timestamp).toISOString(),
    startedAt: toIso(job.processedOn),
    finishedAt: toIso(job.finishedOn),
  };
}

/**
 * As the job's own fields have it, so that state and result agree. One that was begun may wait for another try: only the lists
 * of the queue tell.
 */
async function stateOf(job: Job): Promise<JobState> {
  if (job.finishedOn !== undefined) return job.failedReason ? "failed" : "completed";
  if (job.processedOn === undefined) return "waiting";
  const list = await job.getState();
  return list === "waiting" || list === "delayed" ? "waiting" : "active";
}

function toIso(millis: number | undefined): string | null {
  return millis === undefined ? null : new Date(millis).toISOString();
}
