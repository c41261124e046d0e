import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { Note, silent } from "../test/contracts.ts";
import { createRedisServer, type RedisServer } from "../test/redis-server.ts";
import {
  AGENTS,
  aclFile,
  connectWorker,
  createProducer,
  defineJob,
  handle,
  keepSchedules,
  startWorker,
  type AgentName,
} from "./index.ts";

/** A queue that config-agent may not send to, since it is its own worker's only. */
const Private = defineJob({ ...Note, queue: "host", name: "test.private", owner: "config-agent", senders: [] });
const Foreign = defineJob({
  ...Note,
  queue: "config",
  name: "test.foreign",
  data: z.object({}),
  owner: "update-agent",
  senders: [],
});

const password = (agent: AgentName) => `secret of ${agent}`;
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

let server: RedisServer;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "acl-"));
  const hashes = Object.fromEntries(AGENTS.map((agent) => [agent, hash(password(agent))]));
  const path = join(folder, "users.acl");
  await writeFile(path, aclFile([Note, Private, Foreign], hashes as Record<AgentName, string>));
  server = await createRedisServer(["--aclfile", path]);
  await server.start();
});
afterAll(async () => {
  await server.remove();
  await rm(folder, { recursive: true });
});

const connectionOf = (agent: AgentName) => ({ url: server.url, username: agent, password: password(agent) });

async function as<T>(username: string, pass: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(server.url, { username, password: pass, disableClientInfo: true, enableReadyCheck: false });
  redis.on("error", () => {}); // a refused user is what some tests look for
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}
const asAgent = <T>(agent: AgentName, ask: (redis: Redis) => Promise<T>) => as(agent, password(agent), ask);

it("lets a sender add a job, read it back and replace it, and its owner do it, without one refusal", async () => {
  const complaints: unknown[] = [];
  const log = {
    ...silent,
    warn: (fields: object) => complaints.push(fields),
    debug: (f: object) => complaints.push(f),
  };
  const redis = connectWorker(connectionOf("update-agent"), log);
  const note = handle(Note, async ({ text }, { progress }) => {
    progress({ done: 1, total: 1 });
    await sleep(10);
    return { pid: 1, text };
  });
  const worker = startWorker({ redis, queue: "containers", handlers: [note], log });
  const schedule = { id: "tick", contract: Note, data: { text: "tick" }, onCalendar: "*-*-* *:*:*" };
  const declared = () => ({ schedules: [schedule], timeZone: "UTC" });
  const schedules = keepSchedules({ redis, queue: "containers", declared, log });
  const producer = createProducer({ connection: connectionOf("config-agent"), agent: "config-agent", log });
  const ask = () => producer.request(Note, { text: "a" }, { id: "same", timeLimitMs: 10_000 });
  expect(await ask()).toMatchObject({ text: "a" });
  expect(await ask()).toMatchObject({ text: "a" });
  expect(await producer.look("containers", "same")).toMatchObject({ state: "completed" });
  await sleep(2500);
  await schedules.close();
  await worker.close();
  const gone = producer.request(Note, { text: "b" }, { id: "untaken", timeLimitMs: 200 });
  await expect(gone).rejects.toMatchObject({ code: "JOB_NOT_TAKEN" });
  await producer.close();
  redis.disconnect();
  expect(complaints).toEqual([]);
});

it("does not let an agent add to a queue where no contract names it", async () => {
  const producer = createProducer({ connection: connectionOf("config-agent"), agent: "config-agent" });
  const asked = producer.request(Foreign, {});
  await expect(asked).rejects.toMatchObject({ code: "QUEUE_FORBIDDEN" });
  await producer.close();
});

describe("refuses an agent", () => {
  it.each([
    ["KEYS", ["*"]],
    ["FLUSHALL", []],
    ["FLUSHDB", []],
    ["CONFIG", ["GET", "*"]],
    ["ACL", ["LIST"]],
    ["SHUTDOWN", []],
    ["SCAN", ["0"]],
    ["GET", ["bull:config:meta"]],
    ["EVAL", ["return redis.call('HGETALL','bull:config:meta')", "0"]],
    ["HGETALL", ["anything"]],
    ["SUBSCRIBE", ["bull:config:events"]],
  ])("%s %j", async (command, args) => {
    const refusal = /NOPERM|can't access at least one of the keys|ACL failure/; // the last two: inside a script
    await expect(asAgent("config-agent", (redis) => redis.call(command, ...args))).rejects.toThrow(refusal);
  });
});

it("does not let a sender empty the queue it may send to", async () => {
  await expect(
    asAgent("config-agent", (redis) => redis.call("RENAME", "bull:containers:wait", "bull:containers:x")),
  ).rejects.toThrow(/NOPERM/);
});

it("lets the health check ask whether Redis answers, and nothing else", async () => {
  expect(await as("health", "any", (redis) => redis.ping())).toBe("PONG");
  await expect(as("health", "any", (redis) => redis.get("bull:config:meta"))).rejects.toThrow(/NOPERM/);
});

it("lets nobody in without a name or with a wrong password", async () => {
  const anonymous = new Redis(server.url, { disableClientInfo: true, enableReadyCheck: false });
  anonymous.on("error", () => {}); // the refusal of the connection itself
  await expect(anonymous.ping()).rejects.toThrow(/NOAUTH/);
  anonymous.disconnect();
  await expect(as("config-agent", "wrong", (redis) => redis.ping())).rejects.toThrow(/NOAUTH|WRONGPASS/);
});

it("refuses a password where a hash belongs", () => {
  const hashes = {
    "config-agent": "hunter22",
    "update-agent": hash("x"),
    "cert-agent": hash("y"),
    "backup-agent": hash("z"),
  };
  expect(() => aclFile([Note], hashes)).toThrow(RangeError);
});

it("keeps what was added over a restart of the server", async () => {
  const producer = createProducer({ connection: connectionOf("config-agent"), agent: "config-agent", log: silent });
  const { id } = await producer.enqueue(Note, { text: "kept" });
  await producer.close();
  await server.stop();
  await server.start();
  expect(await asAgent("update-agent", (redis) => redis.exists(`bull:${Note.queue}:${id}`))).toBe(1);
});

it("lets nobody in as the user that Redis reads its file with", async () => {
  const asDefault = as("default", "any", (redis) => redis.get("bull:containers:meta"));
  await expect(asDefault).rejects.toThrow(/NOAUTH|WRONGPASS/);
});
