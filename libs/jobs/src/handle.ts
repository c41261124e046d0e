import { OperatorError } from "@appliance/errors";
import * as z from "zod";
import type { DataOf, JobContract, ProgressOf, ResultOf } from "./contract.ts";
import type { Log } from "./log.ts";

/** What the work is given beside its data. */
export interface JobContext<C extends JobContract> {
  id: string;
  /** When it was asked for. */
  enqueuedAt: Date;
  /** Counts from 1. */
  attempt: number;
  /** Aborted when the agent stops or the contract's time is up; the work then ends soon, leaving nothing half done. */
  signal: AbortSignal;
  /** Tells whoever waits. Never fails and need not be awaited. */
  progress: (progress: ProgressOf<C>) => void;
  log: Log;
}

export type Work<C extends JobContract> = (data: DataOf<C>, context: JobContext<C>) => Promise<ResultOf<C>>;

/** One job as it was delivered. */
export interface Delivery {
  id: string;
  enqueuedAt: Date;
  data: unknown;
  attempt: number;
  cancelled: AbortSignal;
  progress(progress: unknown): void;
  log: Log;
}

export interface JobHandler {
  contract: JobContract;
  /** @throws Interrupted when the agent stops; any other error is the job's failure. */
  run(delivery: Delivery): Promise<unknown>;
}

/** The agent is stopping: the job has not failed, it goes back to where it waited. */
export class Interrupted extends Error {}

/** How long work may go on after its signal before the log says so. */
const UNWILLING_AFTER_MS = 30_000;

/** Binds work to its contract: what comes in and what goes out is checked, and time is limited. */
export function handle<C extends JobContract>(contract: C, work: Work<C>): JobHandler {
  return {
    contract,
    async run(delivery) {
      const data = parseData(contract, delivery.data);
      const limit = startTimeLimit(contract, delivery.log);
      const signal = AbortSignal.any([delivery.cancelled, limit.signal]);
      try {
        signal.throwIfAborted();
        return contract.result.parse(await work(data, { ...delivery, signal }));
      } catch (error) {
        if (delivery.cancelled.aborted) throw new Interrupted("the agent is stopping", { cause: error });
        throw limit.signal.aborted ? limit.signal.reason : error;
      } finally {
        limit.clear();
      }
    },
  };
}

function parseData<C extends JobContract>(contract: C, data: unknown): DataOf<C> {
  const parsed = contract.data.safeParse(data);
  if (parsed.success) return parsed.data as DataOf<C>;
  throw new OperatorError("JOB_DATA_INVALID", `${contract.name}: ${z.prettifyError(parsed.error)}`, {
    remedy: "Bring the agent that asked to the version of this one, then ask again.",
  });
}

function startTimeLimit({ name, timeLimitMs }: JobContract, log: Log) {
  const controller = new AbortController();
  let unwilling: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    controller.abort(timeLimitReached(name, timeLimitMs));
    unwilling = setTimeout(() => log.error({ job: name }, "job goes on after its time limit"), UNWILLING_AFTER_MS);
  }, timeLimitMs);
  const clear = () => {
    clearTimeout(timer);
    clearTimeout(unwilling);
  };
  return { signal: controller.signal, clear };
}

function timeLimitReached(name: string, timeLimitMs: number): OperatorError {
  return new OperatorError("JOB_TIME_LIMIT", `${name} was stopped after ${Math.round(timeLimitMs / 1000)} s.`, {
    remedy: "Find out with `appliance logs` what it was waiting for, then try again.",
  });
}
