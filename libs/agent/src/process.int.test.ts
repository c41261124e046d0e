import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedisServer, type RedisServer } from "@appliance/jobs/testing";
import { afterEach, beforeEach, expect, it } from "vitest";

let redis: RedisServer;
let folder: string;
let agents: ChildProcess[];
beforeEach(async () => {
  agents = [];
  redis = await createRedisServer(["--user", "update-agent", "on", ">queue-secret", "~*", "&*", "+@all"]);
  await redis.start();
  folder = await mkdtemp(join(tmpdir(), "agent-"));
  await mkdir(join(folder, "slice"));
  await writeFile(join(folder, "queue-password"), "queue-secret");
  await writeFile(join(folder, "http-token"), "http-secret");
  await writeFile(join(folder, "slice/env.json"), '{"timeZone":"UTC"}');
});
afterEach(async () => {
  for (const agent of agents) agent.kill("SIGKILL");
  await redis.remove();
  await rm(folder, { recursive: true });
});

function launch(env: Record<string, string> = {}) {
  const file = join(import.meta.dirname, "../test/tiny-agent.ts");
  const shared = { QUEUE_URL: redis.url, SECRETS_DIR: folder, SLICE_DIR: join(folder, "slice"), HTTP_PORT: "0" };
  const agent = spawn(process.execPath, [file], { env: { ...shared, HTTP_HOST: "127.0.0.1", ...env } });
  agents.push(agent);
  const output = { text: "" };
  for (const stream of [agent.stdout, agent.stderr])
    stream.on("data", (chunk: Buffer) => (output.text += String(chunk)));
  return { agent, output, exit: once(agent, "exit") as Promise<[number | null, string | null]> };
}

async function urlOf({ output }: { output: { text: string } }): Promise<string> {
  await expect.poll(() => output.text, { timeout: 10_000 }).toContain('"agent started"');
  return /"url":"([^"]+)"/.exec(output.text)?.[1] ?? "";
}

const headers = { authorization: "Bearer http-secret", "content-type": "application/json", "idempotency-key": "long" };

it("stops within seconds in the middle of a job, with status 0, and the next one takes the job up", async () => {
  const first = launch();
  const url = await urlOf(first);
  await fetch(`${url}/jobs/test.tiny`, { method: "POST", headers, body: '{"takesMs":30000}' });
  await expect.poll(() => first.output.text, { timeout: 5000 }).toContain('"job started"');
  const stoppedAt = performance.now();
  first.agent.kill("SIGTERM");
  expect(await first.exit).toEqual([0, null]);
  expect(performance.now() - stoppedAt).toBeLessThan(5000);
  const second = launch();
  await expect.poll(() => second.output.text, { timeout: 10_000 }).toContain('"job started"');
});

it("stops within seconds while the queue is away", async () => {
  const { agent, output, exit } = launch();
  await urlOf({ output });
  await redis.stop();
  const stoppedAt = performance.now();
  agent.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
  expect(performance.now() - stoppedAt).toBeLessThan(5000);
});

it("ends with 1 and names what is wrong when it is told nonsense", async () => {
  const { output, exit } = launch({ QUEUE_URL: "nonsense", LOG_LEVEL: "loud" });
  expect(await exit).toEqual([1, null]);
  expect(JSON.parse(output.text)).toMatchObject({ code: "AGENT_CONFIG_INVALID" });
  expect(output.text).toContain("LOG_LEVEL");
});

it("shows no secret in its log, not even when the queue refuses its password", async () => {
  await writeFile(join(folder, "queue-password"), "a-wrong-password");
  const { output } = launch();
  await expect.poll(() => output.text, { timeout: 10_000 }).toContain("WRONGPASS");
  for (const secret of ["a-wrong-password", "http-secret"]) expect(output.text).not.toContain(secret);
});
