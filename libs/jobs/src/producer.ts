import { Queue, type JobType } from "bullmq";
import { connectProducer, firstConnection, type QueueConnection } from "./connection.ts";
import type { AgentName, DataInput, JobContract, QueueName, ResultOf } from "./contract.ts";
import { viewJob, type JobView } from "./job-view.ts";
import type { Log } from "./log.ts";
import { ensureJob, findJob, toOrder, type EnqueueOptions } from "./order.ts";
import { asQueueError } from "./queue-error.ts";
import { request, type RequestOptions } from "./request.ts";

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
      return job && (await asQueueError(() => viewJob(job)));
    },
    async recent(queue, limit) {
      await firstConnection(redis);
      const jobs = await asQueueError(() => open(queue).getJobs(RECENT_TYPES, 0, limit - 1));
      const views = await asQueueError(() => Promise.all(jobs.filter((job) => job !== undefined).map(viewJob)));
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

function openQueue(name: QueueName, redis: ReturnType<typeof connectProducer>): Queue {
  // Without these three a queue that is opened while Redis is away would wait for it, or never work again.
  const options = { connection: redis, skipWaitingForReady: true, skipVersionCheck: true, skipMetasUpdate: true };
  const queue = new Queue(name, options);
  queue.on("error", () => {}); // the connection itself reports; every call reports to its caller
  return queue;
}
