import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApi, type Api } from "./api.ts";
import { followJob } from "./follow-job.ts";

const REQUEST = { queue: "config", name: "config.apply", data: { requestedBy: "cli" } };
const FAILURE = { code: "ENV_INVALID", message: "/app/env.yml cannot be used", remedy: "Correct it." };

interface Answer {
  status: number;
  body: unknown;
}

const job = (state: string, more: object = {}): Answer => ({
  status: 200,
  body: {
    id: "x",
    queue: "config",
    name: "config.apply",
    state,
    progress: null,
    result: null,
    failure: null,
    enqueuedAt: "",
    startedAt: null,
    finishedAt: null,
    ...more,
  },
});
const VANISHED: Answer = { status: 404, body: { code: "NOT_FOUND", message: "no such job", remedy: "" } };
const QUEUE_AWAY: Answer = { status: 503, body: { code: "QUEUE_UNAVAILABLE", message: "away", remedy: "" } };

let server: Server | undefined;
afterEach(() => {
  server?.close();
  vi.useRealTimers();
});

/**
 * An agent that gives these answers to looks, the last one for ever, and lists `others`; `asked` are the ids of the jobs that
 * were asked for.
 */
async function agent(looks: Answer[], others: Answer[] = []) {
  const asked: (string | undefined)[] = [];
  const answers = [...looks];
  server = createServer((request, response) => {
    const looked = request.method === "GET";
    if (!looked) asked.push(request.headers["idempotency-key"] as string | undefined);
    const list = { status: 200, body: others.map(({ body }) => body) };
    const next = () => (answers.length > 1 ? answers.shift()! : answers[0]!);
    const { status, body } = request.url === "/jobs" ? list : looked ? next() : { status: 202, body: {} };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const api = createApi("config-agent", `http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => "token");
  return { api, asked };
}

describe("followJob", () => {
  it("says each thing once that the work is doing, and brings its result", async () => {
    const busy = job("active", { progress: { step: "Start the application" } });
    const { api } = await agent([job("waiting"), busy, busy, job("completed", { result: { changed: 1 } })]);
    const said: string[] = [];
    expect(await followJob(api, REQUEST, (text) => said.push(text))).toEqual({ changed: 1 });
    expect(said).toEqual(["  Start the application"]);
  });

  it("says what is done before it while it waits", async () => {
    const others = [job("completed"), job("active", { progress: { step: "Migrate the database" } })];
    const { api } = await agent([job("waiting"), job("waiting"), job("completed", { result: {} })], others);
    const said: string[] = [];
    await followJob(api, REQUEST, (text) => said.push(text));
    expect(said).toEqual(["  Migrate the database"]);
  });

  it("says how far a recovery or pull is that it waits for", async () => {
    const progress = { sentence: "Restoring", done: { files: 1, bytes: 0 }, total: null, secondsLeft: null };
    const { api } = await agent([job("waiting"), job("completed", { result: {} })], [job("active", { progress })]);
    const said: string[] = [];
    await followJob(api, REQUEST, (text) => said.push(text));
    expect(said).toEqual(["  Restoring: 1 files"]);
  });

  it("fails as the work did", async () => {
    const { api } = await agent([job("failed", { failure: FAILURE })]);
    await expect(followJob(api, REQUEST, () => {})).rejects.toMatchObject(FAILURE);
  });

  it("asks again under the same id when the queue was emptied meanwhile", async () => {
    const { api, asked } = await agent([job("active"), VANISHED, job("completed", { result: {} })]);
    await followJob(api, REQUEST, () => {});
    expect(asked).toHaveLength(2);
    expect(asked[0]).toBe(asked[1]);
  });

  it("waits through a queue that is away for a while", async () => {
    const { api } = await agent([QUEUE_AWAY, QUEUE_AWAY, job("completed", { result: {} })]);
    expect(await followJob(api, REQUEST, () => {})).toEqual({});
  });

  it("says within ten seconds that it waits for an agent that is away, and how to look", async () => {
    vi.useFakeTimers();
    const api = { agent: "backup-agent", enqueue: async () => {}, job: () => new Promise(() => {}) } as unknown as Api;
    const said: string[] = [];
    void followJob(api, REQUEST, (text) => said.push(text));
    await vi.advanceTimersByTimeAsync(9999);
    expect(said).toEqual([
      "  Waiting: backup-agent does not answer. Look with `appliance status` and `appliance logs backup-agent`",
    ]);
  });

  it("passes on at once what the agent refuses", async () => {
    const refusal = { code: "JOB_DATA_INVALID", message: "config.apply: dryRun is no boolean", remedy: "Correct it." };
    const { api } = await agent([{ status: 400, body: refusal }]);
    await expect(followJob(api, REQUEST, () => {})).rejects.toMatchObject(refusal);
  });
});

it("tells an agent that does not answer from one that refuses", async () => {
  const api = createApi("cert-agent", "http://127.0.0.1:9", () => "token");
  await expect(api.get("/status")).rejects.toMatchObject({
    code: "AGENT_UNREACHABLE",
    message: "cert-agent does not answer.",
  });
});
