/** The agent as a process, with the real queue and the real engine. */
import { ContainersObserve, ContainersUp, type Container } from "@appliance/jobs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { retry, runningAgent, type RunningAgent } from "../test/running-agent.ts";
import { docker, sleeper, throwAwayGroup, type ThrowAway } from "../test/throw-away-group.ts";

let group: ThrowAway;
let agent: RunningAgent;

const whole = { project: "application" as const, services: [] };

beforeAll(async () => {
  group = throwAwayGroup();
  const speaks = sleeper({
    command: ["sh", "-c", "echo my password is $$ECS_PASSWORD; exec sleep 600"],
    environment: ["ECS_PASSWORD"],
  });
  const slow = sleeper({ healthcheck: { test: ["CMD-SHELL", "sleep 2"], interval: "1s" } });
  const operations = {
    greet: { service: "redis", command: ["echo", "hello"], arguments: ["[a-z]+"] },
    "make-password": { service: "redis", command: ["echo", "battery-staple"], "secret-output": true },
  };
  const file = { services: { "ecs.web": speaks, redis: slow }, "x-appliance": { operations } };
  group.writeApplication(file, { ECS_PASSWORD: "correct-horse" });
  agent = await runningAgent(group);
  await agent.start();
});
afterAll(async () => {
  await agent.remove();
  group.remove();
});

it("finishes a job whose agent was killed in the middle", async () => {
  const asked = agent.producer.request(ContainersUp, whole, { id: "one" });
  await retry(async () => docker("ps", "--format={{.Names}}").includes(`${group.application}_redis_1`));
  await agent.end("SIGKILL");
  await agent.start();
  const { containers } = await asked;
  expect(containers.map(({ service, health }) => [service, health])).toEqual([
    ["ecs.web", null],
    ["redis", "healthy"],
  ]);
});

it("tells the asker what happens and the log nothing secret", async () => {
  const sentences: string[] = [];
  const onProgress = ({ sentence }: { sentence: string }) => void sentences.push(sentence);
  await agent.producer.request(ContainersUp, { ...whole, recreate: "always" }, { id: "two", onProgress });
  expect(sentences.join("; ")).toMatch(/redis|ecs\.web/);
  expect(agent.log()).toContain("containers are brought up");
  expect(agent.log()).not.toContain("correct-horse");
});

it("shows the containers over HTTP as the job does, to those who have the token", async () => {
  const { containers } = await agent.producer.request(ContainersObserve, {});
  const shown = (await (await agent.get("/containers")).json()) as { containers: Container[] };
  expect(shown.containers).toEqual(containers);
  expect((await agent.get("/containers", "wrong")).status).toBe(401);
});

it("shows the end of a log by the name of a container or its service, without secrets", async () => {
  const byService = await agent.get("/containers/ecs.web/logs?tail=5");
  expect(await byService.text()).toBe("my password is [redacted]\n");
  expect((await agent.get(`/containers/${group.application}_ecs.web_1/logs`)).status).toBe(200);
});

it.each(["/containers/bash/logs", "/containers/..%2f..%2fimages/logs"])(
  "shows nothing of %s, which is not ours",
  async (path) => {
    const answer = await agent.get(path);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, "NOT_FOUND"]);
  },
);

it("refuses a tail without an end", async () => {
  expect((await agent.get("/containers/ecs.web/logs?tail=1000000")).status).toBe(400);
});

describe("an operation that is asked for over HTTP", () => {
  const run = async (operation: string, args: string[] = []) => {
    const data = { project: "application", operation, arguments: args };
    const { id } = (await (await agent.post("/jobs/containers.run", data)).json()) as { id: string };
    for (;;) {
      const job = (await (await agent.get(`/jobs/containers/${id}`)).json()) as { state: string };
      if (job.state === "completed" || job.state === "failed") return job;
      await sleep(100);
    }
  };

  it("brings what it printed", async () => {
    const result = { exitCode: 0, output: "hello world\n", outputId: null };
    expect(await run("greet", ["world"])).toMatchObject({ state: "completed", result });
  });

  it("keeps what is secret out of queue and log, and gives it once", async () => {
    const job = (await run("make-password")) as { result?: { outputId?: string } };
    expect(JSON.stringify(job)).not.toContain("battery");
    const path = `/outputs/${job.result?.outputId}`;
    expect((await agent.get(path, "wrong")).status).toBe(401);
    expect(await (await agent.get(path)).json()).toEqual({ output: "battery-staple\n" });
    expect((await agent.get(path)).status).toBe(404);
    expect(agent.log()).not.toContain("battery");
  });
});

it("ends by itself when it is asked to", async () => {
  expect(await agent.end("SIGTERM")).toBe(0);
});
