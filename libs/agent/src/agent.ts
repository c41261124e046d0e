import { connectWorker, keepSchedules, startWorker } from "@appliance/jobs";
import type { JobHandler, Producer, QueueName, Schedule, Schedules } from "@appliance/jobs";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { AgentConfig } from "./config.ts";
import { createHttp, type AgentHttp } from "./http.ts";
import { jobRoutes } from "./job-routes.ts";
import { createMetrics } from "./metrics.ts";
import { notReady, READY, type ReadyCheck } from "./ready.ts";

export interface AgentOptions {
  config: AgentConfig;
  version: string;
  log: Logger;
  /** For asking others and oneself; closed with the agent. */
  producer: Producer;
  /** The work of this agent. Its queues are those of the contracts. */
  jobs: readonly JobHandler[];
  /** Jobs at the same time in a queue. Default 1. */
  concurrency?: Partial<Record<QueueName, number>>;
  /** What comes back by the calendar; asked again every few minutes and by `reconcileSchedules`. */
  schedules?: () => { schedules: readonly Schedule[]; timeZone: string };
  /** Routes of this agent alone, all behind the token. */
  routes?: (app: AgentHttp) => void | Promise<void>;
  /** What the agent waits for beside the queue, such as its slice. */
  ready?: ReadyCheck;
  /** Further figures. */
  metrics?: (registry: Registry) => void;
  /** Whatever else has to end with the agent; called last. */
  onClose?: () => void | Promise<void>;
}

export interface Agent {
  /** `http://host:port`, with the port that was really taken. */
  url: string;
  log: Logger;
  /** To be called when what `schedules` returns has changed. */
  reconcileSchedules(): Promise<void>;
  /** Takes no more jobs, puts those under way back into the queue, and closes. Takes at most 7 s. */
  close(): Promise<void>;
}

/** How long jobs may take to obey their signal; `docker stop` waits 10 s in all. */
const DRAIN_MS = 5000;
const HTTP_CLOSE_MS = 1000;

/** Starts what all agents share: HTTP, metrics, workers and schedules. Redis need not be there yet. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, version, log, producer, jobs, ready = () => READY, routes, metrics } = options;
  const contracts = jobs.map(({ contract }) => contract);
  const measured = createMetrics({
    agent: config.name,
    version,
    isQueueConnected: () => producer.isConnected(),
    activeJobs: () => work.activeJobs(),
  });
  metrics?.(measured.registry);
  const http = await createHttp({
    config,
    version,
    log,
    readyChecks: [() => queueReady(producer), ready],
    registry: measured.registry,
    routes: async (app) => {
      jobRoutes(app, contracts, producer);
      await routes?.(app);
    },
  });
  const work = startWork(options, measured.jobFinished);
  const url = await http.listen({ host: config.http.host, port: config.http.port });
  log.info({ version, url, jobs: contracts.map(({ name }) => name) }, "agent started");
  return {
    url,
    log,
    reconcileSchedules: () => work.reconcileSchedules(),
    async close() {
      log.info({}, "agent is stopping");
      await Promise.all([work.close(), within(HTTP_CLOSE_MS, http.close())]);
      await within(HTTP_CLOSE_MS, producer.close());
      await options.onClose?.();
      log.info({}, "agent stopped");
    },
  };
}

function queueReady(producer: Producer) {
  return producer.isConnected() ? READY : notReady("It waits for the queue to answer.");
}

type JobFinished = ReturnType<typeof createMetrics>["jobFinished"];

/** A worker and the schedules of each queue, on one connection. */
function startWork({ config, log, jobs, concurrency = {}, schedules }: AgentOptions, onFinished: JobFinished) {
  const redis = connectWorker(config.queue, log);
  const queues = [...new Set(jobs.map(({ contract }) => contract.queue))];
  const workers = queues.map((queue) => {
    const handlers = jobs.filter(({ contract }) => contract.queue === queue);
    return startWorker({ redis, queue, handlers, concurrency: concurrency[queue] ?? 1, log, onFinished });
  });
  const kept = schedules
    ? queues.map((queue) => keepSchedules({ redis, queue, declared: ofQueue(queue, schedules), log }))
    : [];
  return {
    activeJobs: () => workers.reduce((sum, worker) => sum + worker.activeJobs(), 0),
    async reconcileSchedules() {
      for (const one of kept) await one.reconcile();
    },
    async close() {
      await within(DRAIN_MS, Promise.all([...workers.map((worker) => worker.close()), ...kept.map(closeSchedules)]));
      redis.disconnect();
    },
  };
}

const closeSchedules = (schedules: Schedules): Promise<void> => schedules.close();

function ofQueue(queue: QueueName, declared: NonNullable<AgentOptions["schedules"]>) {
  return () => {
    const { schedules, timeZone } = declared();
    return { timeZone, schedules: schedules.filter(({ contract }) => contract.queue === queue) };
  };
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
