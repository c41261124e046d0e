import { OperatorError } from "@appliance/errors";
import { JobId, QUEUES, type JobContract, type JobView, type Producer, type QueueName } from "@appliance/jobs";
import * as z from "zod";
import type { AgentHttp } from "./http.ts";

const Timestamp = z.string();
const Failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
const JobAnswer = z.object({
  id: z.string(),
  queue: z.string(),
  name: z.string(),
  state: z.enum(["waiting", "active", "completed", "failed"]),
  data: z.unknown(),
  progress: z.unknown(),
  result: z.unknown(),
  failure: Failure.nullable(),
  failedAttempts: z.int(),
  enqueuedAt: Timestamp,
  startedAt: Timestamp.nullable(),
  finishedAt: Timestamp.nullable(),
});
const Accepted = z.object({ queue: z.string(), id: z.string() });
const IdempotencyKey = z.object({ "idempotency-key": JobId.optional() });

/** Asking for the agent's own work, which only enqueues it, and looking at it. */
export function jobRoutes(app: AgentHttp, contracts: readonly JobContract[], producer: Producer): void {
  const queues = [...new Set(contracts.map(({ queue }) => queue))];
  for (const contract of contracts.filter(({ http }) => http)) enqueueRoute(app, contract, producer);
  recentRoute(app, queues, producer);
  lookRoute(app, queues, producer);
}

/** One route a contract, so that /openapi.json shows what each takes. Asking again with the same key joins the same job. */
function enqueueRoute(app: AgentHttp, contract: JobContract, producer: Producer): void {
  const schema = {
    summary: `Enqueue ${contract.name}`,
    body: contract.data,
    headers: IdempotencyKey,
    response: { 202: Accepted },
  };
  app.post(`/jobs/${contract.name}`, { schema }, async ({ body, headers }, reply) => {
    const id = headers["idempotency-key"];
    const job = await producer.enqueue(contract, body, id === undefined ? {} : { id });
    return reply.code(202).send({ queue: contract.queue, id: job.id });
  });
}

function recentRoute(app: AgentHttp, queues: readonly QueueName[], producer: Producer): void {
  const querystring = z.object({ limit: z.coerce.number().int().min(1).max(200).default(20) });
  const schema = { summary: "The newest jobs first", querystring, response: { 200: z.array(JobAnswer) } };
  app.get("/jobs", { schema }, async ({ query }) => {
    const perQueue = await Promise.all(queues.map((queue) => producer.recent(queue, query.limit)));
    return perQueue.flat().sort(newestFirst).slice(0, query.limit);
  });
}

const newestFirst = (a: JobView, b: JobView): number => b.enqueuedAt.localeCompare(a.enqueuedAt);

function lookRoute(app: AgentHttp, queues: readonly QueueName[], producer: Producer): void {
  const params = z.object({ queue: z.enum(QUEUES), id: z.string() });
  const schema = { summary: "One job as it is now", params, response: { 200: JobAnswer } };
  app.get("/jobs/:queue/:id", { schema }, async ({ params: { queue, id } }) => {
    const job = queues.includes(queue) ? await producer.look(queue, id) : undefined;
    if (job) return job;
    throw new OperatorError("NOT_FOUND", `There is no job ${id} in the queue ${queue} of this agent.`, {
      remedy: "List the jobs with `appliance jobs`; a queue that was emptied forgets them.",
    });
  });
}
