import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Note, silent } from "../test/contracts.ts";
import { createRedisServer, type RedisServer } from "../test/redis-server.ts";
import {
  connectWorker,
  createProducer,
  handle,
  startWorker,
  type JobContext,
  type Log,
  type Producer,
} from "./index.ts";

let server: RedisServer;
let cleanups: (() => Promise<void> | void)[];
beforeEach(async () => {
  cleanups = [];
  server = await createRedisServer();
  cleanups.push(() => server.remove());
  await server.start();
});
afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

function openProducer(): Producer {
  const producer = createProducer({ connection: { url: server.url }, agent: "config-agent" });
  cleanups.push(() => producer.close());
  return producer;
}

/** A worker in this process that notes how often it ran and how many ran at once. */
function openWorker(
  work: (text: string, context: JobContext<typeof Note>) => Promise<void>,
  concurrency = 1,
  log: Log = silent,
) {
  const seen = { runs: 0, atOnce: 0, mostAtOnce: 0 };
  const note = handle(Note, async ({ text }, context) => {
    seen.runs += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, ++seen.atOnce);
    await work(text, context).finally(() => (seen.atOnce -= 1));
    return { pid: process.pid, text };
  });
  const redis = connectWorker({ url: server.url });
  const worker = startWorker({ redis, queue: "containers", handlers: [note], concurrency, log });
  cleanups.push(async () => {
    await worker.close();
    redis.disconnect();
  });
  return { seen, worker };
}

/** Until this many have begun: how soon a worker takes a job depends on what else the machine does. */
const runsOf = (seen: { runs: number }, count: number) =>
  expect.poll(() => seen.runs, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);

it("brings the result and the progress of a job to who asked", async () => {
  openWorker(async (_text, { progress }) => {
    progress({ done: 1, total: 2 });
    await sleep(1500);
  });
  const heard: unknown[] = [];
  const result = await openProducer().request(
    Note,
    { text: "a" },
    { id: randomUUID(), onProgress: (p) => heard.push(p) },
  );
  expect(result).toEqual({ pid: process.pid, text: "a" });
  expect(heard).toEqual([{ done: 1, total: 2 }]);
});

it("runs a job once when two ask for it under the same id", async () => {
  const { seen } = openWorker(() => sleep(500));
  const [one, two] = [openProducer(), openProducer()];
  const asked = [one, two].map((producer) => producer.request(Note, { text: "a" }, { id: "same" }));
  await Promise.all(asked);
  expect(seen.runs).toBe(1);
});

it("runs a finished job again for a new run, and not again for the run it belongs to", async () => {
  const { seen } = openWorker(async () => {});
  const producer = openProducer();
  await producer.request(Note, { text: "a", runId: "run-1" }, { id: "step" });
  await producer.request(Note, { text: "a", runId: "run-1" }, { id: "step" });
  expect(seen.runs).toBe(1);
  await producer.request(Note, { text: "b", runId: "run-2" }, { id: "step" });
  expect(seen.runs).toBe(2);
});

it("brings a failure with its code and remedy, tried once although there are attempts left", async () => {
  const { seen } = openWorker(() =>
    Promise.reject(new OperatorError("DISK_FULL", "no room", { remedy: "Make room." })),
  );
  const failing = openProducer().request({ ...Note, attempts: 3 }, { text: "a" });
  await expect(failing).rejects.toMatchObject({ code: "DISK_FULL", message: "no room", remedy: "Make room." });
  expect(seen.runs).toBe(1);
});

it("keeps the text of an unexpected error out of Redis", async () => {
  openWorker(() => Promise.reject(new Error("password=hunter22")));
  await expect(openProducer().request(Note, { text: "a" }, { id: "leak" })).rejects.toMatchObject({ code: "INTERNAL" });
  expect(JSON.stringify(await server.client().hgetall("bull:containers:leak"))).not.toContain("hunter22");
});

it("refuses data that the contract does not allow, before it is sent", async () => {
  const refused = openProducer().request(Note, { text: 7 as unknown as string });
  await expect(refused).rejects.toMatchObject({ code: "JOB_DATA_INVALID" });
});

it("stops a job at the contract's time limit and says so", async () => {
  const hasty = { ...Note, timeLimitMs: 300 };
  const redis = connectWorker({ url: server.url });
  const slow = handle(hasty, async (_data, { signal }) => {
    await sleep(30_000, undefined, { signal });
    return { pid: 0, text: "" };
  });
  const worker = startWorker({ redis, queue: "containers", handlers: [slow], log: silent });
  cleanups.push(async () => {
    await worker.close();
    redis.disconnect();
  });
  await expect(openProducer().request(hasty, { text: "a" })).rejects.toMatchObject({ code: "JOB_TIME_LIMIT" });
});

it("takes a job back that nobody began in time", async () => {
  const asked = openProducer().request(Note, { text: "a" }, { id: "early", timeLimitMs: 1500 });
  await expect(asked).rejects.toMatchObject({ code: "JOB_NOT_TAKEN" });
  const { seen } = openWorker(async () => {});
  await sleep(1000);
  expect(seen.runs).toBe(0);
});

it("takes a job back that its stopped agent has put back, and does not say that it was never begun", async () => {
  const { seen: begun, worker } = openWorker((_text, { signal }) => sleep(30_000, undefined, { signal }));
  const asked = openProducer().request(Note, { text: "a" }, { id: "put-back", timeLimitMs: 3000 });
  const stopped = runsOf(begun, 1).then(() => worker.close());
  await expect(asked).rejects.toMatchObject({ code: "JOB_TIME_LIMIT" });
  await stopped;
  const { seen } = openWorker(async () => {});
  await sleep(1000);
  expect(seen.runs).toBe(0);
});

it("leaves a job at work to its own time limit when its requester gives up", async () => {
  const { seen } = openWorker(() => sleep(3000));
  const producer = openProducer();
  const asked = producer.request(Note, { text: "a" }, { id: "at-work", timeLimitMs: 1000 });
  await expect(asked).rejects.toMatchObject({ code: "JOB_TIME_LIMIT" });
  await expect
    .poll(async () => (await producer.look("containers", "at-work"))?.state, { timeout: 5000 })
    .toBe("completed");
  expect(seen.runs).toBe(1);
});

it("shows a job that waits for another try, or for its agent to come back, as waiting", async () => {
  const { worker } = openWorker(async (text, { signal }) => {
    if (text === "fails") throw new Error("the first try");
    await sleep(30_000, undefined, { signal });
  });
  const producer = openProducer();
  const stateOf = async (id: string) => (await producer.look("containers", id))?.state;
  await producer.enqueue({ ...Note, attempts: 2 }, { text: "fails" }, { id: "again" });
  await expect.poll(async () => (await producer.look("containers", "again"))?.failedAttempts).toBe(1);
  expect(await stateOf("again")).toBe("waiting");
  await producer.enqueue(Note, { text: "long" }, { id: "long" });
  await expect.poll(() => stateOf("long")).toBe("active");
  await worker.close();
  expect(await stateOf("long")).toBe("waiting");
});

it("ends right when Redis is emptied in the middle of a job, with nothing run twice at once", async () => {
  const { seen } = openWorker(() => sleep(4000), 4);
  const asked = openProducer().request(Note, { text: "a" }, { id: "flushed" });
  await sleep(1500);
  await server.client().flushall();
  expect(await asked).toEqual({ pid: process.pid, text: "a" });
  expect(seen.mostAtOnce).toBe(1);
});

it("goes on with a job that an emptied Redis has forgotten, and does not fill the log with that", async () => {
  const warnings: string[] = [];
  const log = { ...silent, warn: (fields: { err?: Error }) => warnings.push(String(fields.err?.message)) };
  const { seen } = openWorker(() => sleep(11_000), 1, log);
  await openProducer().enqueue(Note, { text: "a" }, { id: "forgotten" });
  await runsOf(seen, 1);
  await server.client().flushall();
  await expect.poll(() => seen.atOnce, { timeout: 20_000 }).toBe(0);
  expect(seen.runs).toBe(1);
  expect(warnings.filter((message) => message.includes("renew lock"))).toHaveLength(1);
});

it("ends right when Redis is emptied before a job is begun", async () => {
  const asked = openProducer().request(Note, { text: "a" }, { id: "waiting" });
  await sleep(1500);
  await server.client().flushall();
  openWorker(async () => {});
  expect(await asked).toMatchObject({ text: "a" });
});

it("ends right when Redis is stopped for 3 s in the middle of a job", async () => {
  const { seen } = openWorker(() => sleep(2500), 4);
  const asked = openProducer().request(Note, { text: "a" }, { id: "stopped" });
  await sleep(1200);
  await server.stop();
  await sleep(3000);
  await server.start();
  expect(await asked).toMatchObject({ text: "a" });
  expect(seen.mostAtOnce).toBe(1);
});

it("ends right when Redis hangs for longer than a job's lock lasts", async () => {
  const { seen } = openWorker(() => sleep(12_000), 4);
  const asked = openProducer().request(Note, { text: "a" }, { id: "hung" });
  await sleep(1000);
  server.pause();
  await sleep(9000);
  server.resume();
  expect(await asked).toMatchObject({ text: "a" });
  expect(seen.mostAtOnce).toBe(1);
});

it("serves worker and request that were started before Redis", async () => {
  await server.stop();
  openWorker(async () => {});
  const asked = openProducer().request(Note, { text: "a" });
  await sleep(1500);
  await server.start();
  expect(await asked).toMatchObject({ text: "a" });
});

it("tells at once that the queue is away when asked without waiting", async () => {
  const producer = openProducer();
  await server.stop();
  const startedAt = performance.now();
  await expect(producer.enqueue(Note, { text: "a" })).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

it("gives up a request at its time limit while Redis stays away", async () => {
  const producer = openProducer();
  await server.stop();
  const asked = producer.request(Note, { text: "a" }, { timeLimitMs: 1500 });
  await expect(asked).rejects.toMatchObject({ code: "QUEUE_UNAVAILABLE" });
});

it("puts a job back when its agent stops, for the next one to finish", async () => {
  const { seen, worker } = openWorker((_text, { signal }) => sleep(30_000, undefined, { signal }));
  const asked = openProducer().request(Note, { text: "a" }, { id: "handed-over" });
  await runsOf(seen, 1);
  const startedAt = performance.now();
  await worker.close();
  expect(performance.now() - startedAt).toBeLessThan(2000);
  openWorker(async () => {});
  expect(await asked).toMatchObject({ text: "a" });
});

it("forgets a job without an id of its own once its result was read, unless it failed", async () => {
  openWorker((text) => (text === "fail" ? Promise.reject(new Error("x")) : Promise.resolve()));
  const producer = openProducer();
  await producer.request(Note, { text: "a" });
  await producer.request(Note, { text: "named" }, { id: "named" });
  await expect(producer.request(Note, { text: "fail" })).rejects.toThrow("unexpected");
  const jobs = await producer.recent("containers", 10);
  expect(jobs.map(({ state }) => state)).toEqual(["failed", "completed"]);
});

it("lists the newest jobs first", async () => {
  const producer = openProducer();
  openWorker(async () => {});
  await producer.request(Note, { text: "old" }, { id: "old" });
  await producer.enqueue(Note, { text: "new" }, { id: "new" });
  const ids = (await producer.recent("containers", 10)).map(({ id }) => id);
  expect(ids).toEqual(["new", "old"]);
});
