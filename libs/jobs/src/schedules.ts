import { isDeepStrictEqual } from "node:util";
import { parseCalendar } from "@appliance/calendar";
import { Queue, type JobSchedulerJson } from "bullmq";
import type { Redis } from "ioredis";
import type { DataInput, JobContract, QueueName } from "./contract.ts";
import type { Log } from "./log.ts";
import { optionsOf } from "./order.ts";
import { repeatStrategy } from "./repeat-strategy.ts";

/** A job that comes back by the calendar. Declared in code and configuration; Redis only holds the next run. */
export interface Schedule<C extends JobContract = JobContract> {
  /** Letters, digits and `._-`; stays the same when the calendar changes. */
  id: string;
  contract: C;
  data: DataInput<C>;
  /** A systemd OnCalendar expression. */
  onCalendar: string;
}

/** How a declared schedule stands in Redis. */
interface Stored {
  scheduler: JobSchedulerJson | undefined;
  /** Whether its next run is really there to be taken. */
  hasNextRun: boolean;
}

const RECONCILE_EVERY_MS = 3 * 60_000;

export interface SchedulesOptions {
  /** From `connectWorker`. */
  redis: Redis;
  queue: QueueName;
  /** Asked again at each look, because env.yml and the host's zone may change. */
  declared: () => { schedules: readonly Schedule[]; timeZone: string };
  log: Log;
}

export interface Schedules {
  /** Looks now, for instance because the declared ones changed. Never fails: trouble is logged and mended by the next look. */
  reconcile(): Promise<void>;
  close(): Promise<void>;
}

/** Keeps the schedules of one queue as they are declared: now, whenever Redis comes back, and every few minutes. */
export function keepSchedules({ redis, queue: name, declared, log }: SchedulesOptions): Schedules {
  const queue = new Queue(name, { connection: redis, settings: { repeatStrategy } });
  queue.on("error", () => {}); // the connection itself reports
  let last = Promise.resolve();
  const reconcile = () => {
    last = last.then(() => reconcileNow(queue, declared, log));
    return last;
  };
  const onReady = () => void reconcile();
  redis.on("ready", onReady);
  const timer = setInterval(onReady, RECONCILE_EVERY_MS);
  void reconcile();
  return {
    reconcile,
    async close() {
      clearInterval(timer);
      redis.off("ready", onReady);
      await queue.close();
    },
  };
}

async function reconcileNow(queue: Queue, declared: SchedulesOptions["declared"], log: Log): Promise<void> {
  try {
    const { schedules, timeZone } = declared();
    await reconcileSchedules(queue, schedules, { timeZone });
  } catch (err) {
    log.warn({ err, queue: queue.name }, "schedules were not reconciled");
  }
}

/**
 * Makes the schedules in Redis those that are declared. One that stands as declared is left alone, for writing it again would
 * drop a run that is overdue.
 * @throws OperatorError of `parseCalendar` when an expression is wrong; nothing is changed then.
 */
export async function reconcileSchedules(
  queue: Queue,
  declared: readonly Schedule[],
  { timeZone }: { timeZone: string },
): Promise<void> {
  for (const schedule of declared) parseCalendar(schedule.onCalendar);
  for (const schedule of declared) {
    if (isAsDeclared(schedule, timeZone, await readStored(queue, schedule.id))) continue;
    await write(queue, schedule, timeZone);
  }
  const wanted = new Set(declared.map((schedule) => schedule.id));
  for (const { key } of await queue.getJobSchedulers()) if (!wanted.has(key)) await queue.removeJobScheduler(key);
}

async function readStored(queue: Queue, id: string): Promise<Stored> {
  const scheduler = await queue.getJobScheduler(id);
  const next = scheduler?.next === undefined ? undefined : await queue.getJob(`repeat:${id}:${scheduler.next}`);
  return { scheduler, hasNextRun: next !== undefined };
}

function isAsDeclared({ contract, data, onCalendar }: Schedule, timeZone: string, { scheduler, hasNextRun }: Stored) {
  return (
    hasNextRun &&
    scheduler?.pattern === onCalendar &&
    scheduler.tz === timeZone &&
    scheduler.name === contract.name &&
    isDeepStrictEqual(scheduler.template, { data: contract.data.parse(data), opts: optionsOf(contract) })
  );
}

async function write(queue: Queue, { id, contract, data, onCalendar }: Schedule, timeZone: string): Promise<void> {
  const template = { name: contract.name, data: contract.data.parse(data), opts: optionsOf(contract) };
  const next = await queue.upsertJobScheduler(id, { pattern: onCalendar, tz: timeZone }, template);
  // An expression whose instants are all past: BullMQ then leaves what stood there before.
  if (!next) await queue.removeJobScheduler(id);
}
