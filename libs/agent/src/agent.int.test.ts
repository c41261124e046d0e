import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import { createProducer, defineJob, handle, type JobView } from "@appliance/jobs";
import { createRedisServer, type RedisServer } from "@appliance/jobs/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import { createLog, notReady, READY, startAgent, type Agent, type AgentConfig, type AgentOptions } from "./index.ts";

const Echo = defineJob({
  queue: "containers",
  name: "test.echo",
  data: z.object({ text: z.string().min(1), runId: z.string().optional() }),
  result: z.object({ text: z.string() }),
  attempts: 1,
  timeLimitMs: 60_000,
  owner: "update-agent",
  senders: [],
  http: true,
});
const Hidden = defineJob({ ...Echo, name: "test.hidden", http: false });
const token = "0123456789abcdef";

let redis: RedisServer;
let agent: Agent | undefined;
let lines: string[];
beforeEach(async () => {
  lines = [];
  redis = await createRedisServer();
  await redis.start();
});
afterEach(async () => {
  await agent?.close();
  agent = undefined;
  await redis.remove();
});

async function start(options: Partial<AgentOptions> = {}): Promise<Agent> {
  const config: AgentConfig = {
    name: "update-agent",
    http: { host: "127.0.0.1", port: 0, token },
    queue: { url: redis.url },
    sliceDir: "/nonexistent",
    logLevel: "info",
  };
  const log = createLog({ config, write: (line) => lines.push(line) });
  const producer = createProducer({ connection: config.queue, agent: config.name, log });
  const echo = handle(Echo, async ({ text }) => {
    if (text === "fail") throw new OperatorError("NO_ECHO", "The wall is too near.", { remedy: "Step back." });
    return { text };
  });
  const hidden = handle(Hidden, async ({ text }) => ({ text }));
  agent = await startAgent({ config, version: "1.2.3", log, producer, jobs: [echo, hidden], ...options });
  return agent;
}

const AUTHORIZED = { authorization: `Bearer ${token}` };

function get(path: string, headers: Record<string, string> = AUTHORIZED): Promise<Response> {
  return fetch(`${agent?.url}${path}`, { headers });
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const all = { ...AUTHORIZED, "content-type": "application/json", ...headers };
  return fetch(`${agent?.url}${path}`, { method: "POST", headers: all, body: JSON.stringify(body) });
}

async function finished(id: string): Promise<JobView> {
  for (;;) {
    const job = (await (await get(`/jobs/containers/${id}`)).json()) as JobView;
    if (job.state === "completed" || job.state === "failed") return job;
    await sleep(20);
  }
}

describe("token", () => {
  it.each([
    ["none", {}],
    ["a wrong one", { authorization: "Bearer 0123456789abcdeX" }],
    ["the bare word", { authorization: token }],
    ["a longer one", { authorization: `Bearer ${token}0` }],
  ])("refuses a request with %s", async (_what, headers: Record<string, string>) => {
    await start();
    for (const path of ["/jobs", "/jobs/containers/x", "/unknown"]) {
      const answer = await get(path, headers);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ code: "TOKEN_REQUIRED" });
    }
  });

  it("is not needed for health, metrics and the description", async () => {
    await start();
    for (const path of ["/healthz", "/readyz", "/metrics", "/openapi.json"]) {
      expect((await get(path, {})).status).not.toBe(401);
    }
  });
});

describe("ready", () => {
  it("says what it waits for, and is ready when it has come", async () => {
    let state = notReady("It waits for its slice.");
    await start({ ready: () => state });
    const waiting = await get("/readyz");
    expect(waiting.status).toBe(503);
    expect(await waiting.json()).toMatchObject({
      ready: false,
      reasons: expect.arrayContaining(["It waits for its slice."]),
    });
    state = READY;
    await expect.poll(async () => (await get("/readyz")).status).toBe(200);
  });

  it("is not ready while the queue is away, stays alive, and is ready again by itself", async () => {
    await start();
    await expect.poll(async () => (await get("/readyz")).status).toBe(200);
    await redis.stop();
    await expect.poll(async () => (await get("/readyz")).status).toBe(503);
    expect((await get("/healthz")).status).toBe(200);
    expect((await get("/jobs")).status).toBe(503);
    await redis.start();
    await expect.poll(async () => (await get("/readyz")).status, { timeout: 5000 }).toBe(200);
  });

  it("starts without a queue", async () => {
    await redis.stop();
    await start();
    expect((await get("/healthz")).status).toBe(200);
  });
});

describe("jobs over HTTP", () => {
  it("enqueues a job, answers at once, and shows its result", async () => {
    await start();
    const accepted = await post("/jobs/test.echo", { text: "hello", unknown: 1 });
    expect(accepted.status).toBe(202);
    const { id, queue } = (await accepted.json()) as { id: string; queue: string };
    expect(queue).toBe("containers");
    expect(await finished(id)).toMatchObject({
      name: "test.echo",
      state: "completed",
      result: { text: "hello" },
      failure: null,
    });
  });

  it("shows a failure with code, sentence and remedy", async () => {
    await start();
    const { id } = (await (await post("/jobs/test.echo", { text: "fail" })).json()) as { id: string };
    const failure = { code: "NO_ECHO", message: "The wall is too near.", remedy: "Step back." };
    expect(await finished(id)).toMatchObject({ state: "failed", failure, result: null });
  });

  it("joins the same job when asked twice with one key", async () => {
    await start();
    const headers = { "idempotency-key": "once" };
    for (let i = 0; i < 2; i++) {
      const accepted = await post("/jobs/test.echo", { text: "a", runId: "run-1" }, headers);
      expect(await accepted.json()).toEqual({ queue: "containers", id: "once" });
    }
    expect(await (await get("/jobs")).json()).toHaveLength(1);
  });

  it.each([
    ["data of a wrong type", "/jobs/test.echo", { text: 7 }, 400, "REQUEST_INVALID"],
    ["missing data", "/jobs/test.echo", {}, 400, "REQUEST_INVALID"],
    ["a job that HTTP does not offer", "/jobs/test.hidden", { text: "a" }, 404, "NOT_FOUND"],
    ["a job that is not known", "/jobs/test.other", { text: "a" }, 404, "NOT_FOUND"],
  ])("refuses %s", async (_what, path, body, status, code) => {
    await start();
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(await answer.json()).toMatchObject({ code, message: expect.any(String), remedy: expect.any(String) });
  });

  it.each(["/jobs/containers/none", "/jobs/config/none"])("answers 404 for %s", async (path) => {
    await start();
    expect(await (await get(path)).json()).toMatchObject({ code: "NOT_FOUND" });
  });

  it("refuses a body that is no JSON, and one that is too large", async () => {
    await start();
    const headers = { ...AUTHORIZED, "content-type": "application/json" };
    const send = (body: string) => fetch(`${agent?.url}/jobs/test.echo`, { method: "POST", headers, body });
    expect((await send("{")).status).toBe(400);
    expect((await send(JSON.stringify({ text: "x".repeat(2_000_000) }))).status).toBe(413);
  });

  it("lists the newest jobs first, as many as asked for", async () => {
    await start();
    for (const text of ["a", "b", "c"]) {
      await post("/jobs/test.echo", { text }, { "idempotency-key": text });
      await finished(text);
    }
    const jobs = (await (await get("/jobs?limit=2")).json()) as JobView[];
    expect(jobs.map(({ id }) => id)).toEqual(["c", "b"]);
    expect((await get("/jobs?limit=0")).status).toBe(400);
  });
});

it("describes its routes, with what a job takes", async () => {
  await start();
  const description = (await (await get("/openapi.json")).json()) as { paths: Record<string, object>; info: object };
  expect(description.info).toEqual({ title: "update-agent", version: "1.2.3" });
  expect(Object.keys(description.paths)).toContain("/jobs/test.echo");
  expect(JSON.stringify(description.paths["/jobs/test.echo"])).toContain('"text":{"type":"string","minLength":1}');
});

it("counts jobs by outcome", async () => {
  await start();
  await post("/jobs/test.echo", { text: "a" }, { "idempotency-key": "a" });
  await post("/jobs/test.echo", { text: "fail" }, { "idempotency-key": "b" });
  await finished("a");
  await finished("b");
  const text = await (await get("/metrics")).text();
  expect(text).toContain('appliance_jobs_total{job="test.echo",outcome="completed",agent="update-agent"} 1');
  expect(text).toContain('appliance_jobs_total{job="test.echo",outcome="failed",agent="update-agent"} 1');
  expect(text).toContain('appliance_agent_info{version="1.2.3",agent="update-agent"} 1');
});

it("answers a failure of a route of its own without its details, which the log has", async () => {
  await start({
    routes: (app) => void app.get("/broken", () => Promise.reject(new Error("select * from users failed"))),
  });
  const answer = await get("/broken");
  expect(answer.status).toBe(500);
  const body = await answer.text();
  expect(JSON.parse(body)).toMatchObject({ code: "INTERNAL" });
  expect(body).not.toContain("select");
  expect(lines.join("")).toContain("select * from users failed");
});
