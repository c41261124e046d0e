/** The jobs of the queue but `containers.up`, against the real engine. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { containersOf, failureOf, idOf, waitFor } from "../test/deliveries.ts";
import { docker, sleeper, throwAwayGroup, type ThrowAway } from "../test/throw-away-group.ts";
import { createDocker } from "./docker.ts";

let group: ThrowAway;

beforeAll(() => {
  group = throwAwayGroup();
});
afterAll(() => group.remove());

const up = (services: string[] = [], recreate = "changed") =>
  group.deliver("containers.up", { project: "application", services, recreate });
const web = () => `${group.application}_ecs.web_1`;

describe("stop, restart, signal and observe", () => {
  const chatty = { command: ["sh", "-c", "trap 'echo reloaded' HUP; echo started; while true; do sleep 0.1; done"] };

  beforeAll(async () => {
    group.writeApplication({ services: { "ecs.web": sleeper(chatty), redis: sleeper() } });
    await up();
  });

  it("delivers a signal to the service's process", async () => {
    await group.deliver("containers.signal", { project: "application", service: "ecs.web", signal: "SIGHUP" });
    await waitFor(() => docker("logs", web()).includes("reloaded"));
    expect(docker("logs", web())).toContain("reloaded");
  });

  it("restarts the same container", async () => {
    const [id, startedAt] = [idOf(web()), docker("inspect", "--format={{.State.StartedAt}}", web())];
    await group.deliver("containers.restart", { project: "application", services: ["ecs.web"] });
    expect(idOf(web())).toBe(id);
    expect(docker("inspect", "--format={{.State.StartedAt}}", web())).not.toBe(startedAt);
  });

  it("stops one service, is done when it is stopped already, and leaves the others", async () => {
    const order = { project: "application", services: ["ecs.web"], timeoutSeconds: 1 };
    await group.deliver("containers.stop", order);
    await group.deliver("containers.stop", order);
    const observed = containersOf(await group.deliver("containers.observe", {}));
    expect(observed).toMatchObject([
      { service: "ecs.web", state: "exited", exitCode: expect.any(Number) },
      { service: "redis", state: "running", exitCode: null, restartCount: 0 },
    ]);
  });

  it("refuses to signal or restart what does not run", async () => {
    const signal = { project: "application", service: "ecs.web", signal: "SIGHUP" };
    expect(await failureOf(group.deliver("containers.signal", signal))).toMatchObject({ code: "SERVICE_NOT_RUNNING" });
    const restart = { project: "application", services: ["ecs.web"] };
    expect(await failureOf(group.deliver("containers.restart", restart))).toMatchObject({
      code: "SERVICE_NOT_RUNNING",
    });
  });

  it("takes away what it stops where it is asked to, and is done when that is gone already", async () => {
    const order = { project: "application", services: ["ecs.web"], timeoutSeconds: 1, remove: true };
    await up();
    await group.deliver("containers.stop", order);
    await group.deliver("containers.stop", order);
    const observed = containersOf(await group.deliver("containers.observe", {}));
    expect(observed).toMatchObject([{ service: "redis", state: "running" }]);
    await up();
  });

  it("stops the application in standby too", async () => {
    group.writeSlice({ timezone: "UTC", compose: {}, application: null });
    await group.deliver("containers.stop", { project: "application", services: [], timeoutSeconds: 1 });
    const observed = containersOf(await group.deliver("containers.observe", {}));
    expect(observed.map(({ state }) => state)).toEqual(["exited", "exited"]);
    expect(await failureOf(up())).toMatchObject({ code: "APPLICATION_NOT_CONFIGURED" });
  });
});

describe("containers.run", () => {
  const operations = {
    migrate: { service: "ecs.web", command: ["sh", "-c", 'echo "$$0 $$ECS_PASSWORD"; exit 7'], arguments: ["[a-z]+"] },
    slow: { service: "ecs.web", command: ["sh", "-c", "echo begun $$(date +%N); sleep 4; echo done"], arguments: [] },
    broken: { service: "plain", command: ["/no/such/program"], arguments: [] },
  };
  const run = (operation: string, args: string[] = [], options = {}) =>
    group.deliver("containers.run", { project: "application", operation, arguments: args }, options);
  const oneOffs = () =>
    docker("ps", "--all", "--format={{.Names}}")
      .split("\n")
      .filter((name) => /_(?:migrate|slow|broken)_/.test(name) && name.startsWith(group.application));

  beforeAll(() => {
    const services = { "ecs.web": sleeper({ environment: ["ECS_PASSWORD"] }), plain: sleeper({ init: false }) };
    const file = { services, "x-appliance": { operations } };
    group.writeApplication(file, { ECS_PASSWORD: "correct-horse" });
  });

  it("brings exit code and output without secrets, and leaves nothing behind", async () => {
    expect((await run("migrate", ["accounts"])).result).toMatchObject({ exitCode: 7, output: "accounts [redacted]\n" });
    expect(oneOffs()).toEqual([]);
  });

  it.each([
    ["more arguments than declared", ["a", "b"]],
    ["none", []],
    ["one that matches only in part", ["accounts; rm -rf /"]],
    ["one with a second line", ["accounts\nmore"]],
  ])("refuses %s", async (_, args) => {
    expect(await failureOf(run("migrate", args))).toMatchObject({ code: "OPERATION_ARGUMENTS_INVALID" });
  });

  it("refuses an operation that is not declared", async () => {
    expect(await failureOf(run("migrat"))).toMatchObject({
      code: "OPERATION_UNKNOWN",
      remedy: "Did you mean 'migrate'?",
    });
  });

  it("reports an operation that cannot be started", async () => {
    expect(await failureOf(run("broken"))).toMatchObject({
      code: "COMPOSE_FAILED",
      message: expect.stringContaining("/no/such/program"),
    });
    expect(oneOffs()).toEqual([]);
  });

  it("goes on while the agent is away and is not run twice", async () => {
    const stopping = new AbortController();
    const first = failureOf(run("slow", [], { id: "same", cancelled: stopping.signal }));
    await waitFor(() => oneOffs().length === 1 && docker("logs", oneOffs()[0]!).includes("begun"));
    const begun = docker("logs", oneOffs()[0]!);
    stopping.abort("the agent is stopping");
    expect(await first).toBeDefined();
    const { result } = await run("slow", [], { id: "same" });
    expect(result).toMatchObject({ exitCode: 0, output: `${begun}\ndone\n` });
  });
});

describe("the core", () => {
  const core = (job: string, data: object) => group.deliver(job, { project: "core", ...data });
  const database = () => `${group.core}-database-1`;

  beforeAll(() => {
    group.writeSlice({ timezone: "UTC", compose: { DATABASE_MEMORY: "48m" }, application: null });
    docker(
      "compose",
      "-p",
      group.core,
      "-f",
      join(group.checkout, "compose/compose.yml"),
      "up",
      "--detach",
      "--quiet-pull",
    );
  });

  it("starts the data stage with the sizes of the slice and touches no neighbour", async () => {
    const neighbours = () => ["queue", "nginx", "update-agent"].map((name) => idOf(`${group.core}-${name}-1`));
    const before = neighbours();
    const started = containersOf(await core("containers.up", { services: [] }));
    expect(started.map(({ service }) => service)).toEqual(["database"]);
    expect(docker("inspect", "--format={{.HostConfig.Memory}}", database())).toBe(String(48 * 2 ** 20));
    await core("containers.up", { services: ["database", "nginx"], recreate: "always" });
    expect(neighbours()[0]).toBe(before[0]);
    expect(neighbours()[2]).toBe(before[2]);
  });

  it.each(["containers.up", "containers.stop", "containers.restart"])(
    "%s refuses the agents and the queue",
    async (job) => {
      for (const service of ["update-agent", "queue"])
        expect(await failureOf(core(job, { services: [service] }))).toMatchObject({ code: "SERVICE_PROTECTED" });
    },
  );

  it("stops the data stage when nothing is named", async () => {
    await core("containers.stop", { services: [], timeoutSeconds: 1 });
    const running = docker("ps", "--format={{.Names}}", "--filter", `name=${group.core}`).split("\n").sort();
    expect(running).toEqual([`${group.core}-nginx-1`, `${group.core}-queue-1`, `${group.core}-update-agent-1`]);
  });

  it("says what it waits for while there is no slice", async () => {
    rmSync(join(group.sliceDir, "env.json"));
    expect(await failureOf(core("containers.up", { services: [] }))).toMatchObject({ code: "SLICE_MISSING" });
  });
});

it("says that the engine is away", async () => {
  const away = createDocker({ socketPath: join(group.checkout, "none.sock") });
  await expect(away.observe("core", group.core)).rejects.toMatchObject({ code: "DOCKER_UNAVAILABLE" });
});
