import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Note, silent } from "../test/contracts.ts";
import { createRedisServer, type RedisServer } from "../test/redis-server.ts";
import { connectWorker, handle, keepSchedules, startWorker, type Schedule } from "./index.ts";
import { reconcileSchedules } from "./schedules.ts";

let server: RedisServer;
let queue: Queue;
let cleanups: (() => Promise<void> | void)[];
beforeEach(async () => {
  server = await createRedisServer();
  await server.start();
  const redis = connectWorker({ url: server.url });
  const { repeatStrategy } = await import("./repeat-strategy.ts");
  queue = new Queue("containers", { connection: redis, settings: { repeatStrategy } });
  cleanups = [() => server.remove(), () => redis.disconnect(), () => queue.close()];
});
afterEach(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup();
});

const everySecond: Schedule<typeof Note> = {
  id: "tick",
  contract: Note,
  data: { text: "tick" },
  onCalendar: "*-*-* *:*:*",
};
const nightly = { ...everySecond, id: "nightly", onCalendar: "02:00" };
const UTC = { timeZone: "UTC" };

function openWorker(work: () => Promise<void>, concurrency = 1) {
  const seen = { runs: 0, atOnce: 0, mostAtOnce: 0 };
  const note = handle(Note, async ({ text }) => {
    seen.runs += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, ++seen.atOnce);
    await work().finally(() => (seen.atOnce -= 1));
    return { pid: process.pid, text };
  });
  const redis = connectWorker({ url: server.url });
  const worker = startWorker({ redis, queue: "containers", handlers: [note], concurrency, log: silent });
  cleanups.push(async () => {
    await worker.close();
    redis.disconnect();
  });
  return seen;
}

function keep(schedules: Schedule[]) {
  const redis = connectWorker({ url: server.url });
  const kept = keepSchedules({
    redis,
    queue: "containers",
    declared: () => ({ schedules, timeZone: "UTC" }),
    log: silent,
  });
  cleanups.push(async () => {
    await kept.close();
    redis.disconnect();
  });
  return kept;
}

/** Until this many have begun: how soon a worker takes a run depends on what else the machine does. */
const runsOf = (seen: { runs: number }, count: number) =>
  expect.poll(() => seen.runs, SOON).toBeGreaterThanOrEqual(count);
const SOON = { timeout: 20_000 };

it("runs a schedule again and again", async () => {
  const seen = openWorker(async () => {});
  const startedAt = performance.now();
  await reconcileSchedules(queue, [everySecond], UTC);
  await runsOf(seen, 3);
  expect(seen.runs).toBeLessThanOrEqual((performance.now() - startedAt) / 1000 + 1);
});

it("keeps the host's time zone: 02:00 in Vienna is not 02:00 in UTC", async () => {
  await reconcileSchedules(queue, [nightly], { timeZone: "Europe/Vienna" });
  const next = new Date((await queue.getJobScheduler("nightly"))?.next ?? 0);
  expect([0, 1]).toContain(next.getUTCHours());
});

it("leaves one delayed run for a schedule however often it is reconciled", async () => {
  for (let i = 0; i < 3; i++) await reconcileSchedules(queue, [nightly], UTC);
  expect(await queue.getDelayedCount()).toBe(1);
});

it("takes over a changed calendar, zone or data, and removes what is no longer declared", async () => {
  await reconcileSchedules(queue, [nightly, everySecond], UTC);
  await reconcileSchedules(queue, [{ ...nightly, onCalendar: "03:30", data: { text: "new" } }], {
    timeZone: "Asia/Tokyo",
  });
  const schedulers = await queue.getJobSchedulers();
  expect(schedulers).toHaveLength(1);
  expect(schedulers[0]).toMatchObject({ key: "nightly", pattern: "03:30", tz: "Asia/Tokyo" });
  expect(schedulers[0]?.template?.data).toMatchObject({ text: "new" });
});

it("takes over what a newer contract says of tries", async () => {
  await reconcileSchedules(queue, [nightly], UTC);
  await reconcileSchedules(queue, [{ ...nightly, contract: { ...Note, attempts: 4 } }], UTC);
  const next = (await queue.getJobScheduler("nightly"))?.next;
  expect((await queue.getJob(`repeat:nightly:${next}`))?.opts).toMatchObject({ attempts: 4, backoff: { delay: 5000 } });
});

it("drops a schedule whose new expression never comes again", async () => {
  await reconcileSchedules(queue, [nightly], UTC);
  await reconcileSchedules(queue, [{ ...nightly, onCalendar: "2020-01-01 02:00" }], UTC);
  expect(await queue.getJobSchedulers()).toEqual([]);
  expect(await queue.getDelayedCount()).toBe(0);
});

it("changes nothing when one of the expressions is wrong", async () => {
  await reconcileSchedules(queue, [nightly], UTC);
  await expect(reconcileSchedules(queue, [{ ...everySecond, onCalendar: "25:99" }], UTC)).rejects.toThrow("25:99");
  expect((await queue.getJobSchedulers()).map(({ key }) => key)).toEqual(["nightly"]);
});

it("fires an overdue run once, at once, when the agent comes back late", async () => {
  await reconcileSchedules(queue, [everySecond], UTC);
  await sleep(3500); // nobody works: three runs were due, one waits
  const seen = openWorker(() => sleep(10_000).catch(() => {}));
  await reconcileSchedules(queue, [everySecond], UTC);
  await runsOf(seen, 1);
  await sleep(700);
  expect(seen.runs).toBe(1);
  cleanups.push(() => sleep(0));
}, 60_000);

it("brings schedules back after Redis was emptied", async () => {
  const seen = openWorker(async () => {});
  const kept = keep([everySecond]);
  await runsOf(seen, 1);
  await server.client().flushall();
  const before = seen.runs;
  await kept.reconcile();
  await expect.poll(() => seen.runs, SOON).toBeGreaterThan(before + 1); // one may have been under way
});

it("brings schedules back by itself when Redis is replaced by an empty one", async () => {
  const seen = openWorker(async () => {});
  keep([everySecond]);
  await runsOf(seen, 1);
  await server.client().flushall();
  await server.stop();
  await server.start();
  const before = seen.runs;
  await expect.poll(() => seen.runs, SOON).toBeGreaterThan(before + 1); // one may have been under way
});

it("puts a next run back that got lost on its own", async () => {
  await reconcileSchedules(queue, [nightly], UTC);
  const next = (await queue.getJobScheduler("nightly"))?.next;
  await server.client().del(`bull:containers:repeat:nightly:${next}`);
  await server.client().del("bull:containers:delayed");
  await reconcileSchedules(queue, [nightly], UTC);
  expect(await queue.getDelayedCount()).toBe(1);
});

it("never runs a schedule beside itself", async () => {
  const seen = openWorker(() => sleep(1700), 4);
  await reconcileSchedules(queue, [everySecond], UTC);
  await runsOf(seen, 3);
  expect(seen.mostAtOnce).toBe(1);
});
