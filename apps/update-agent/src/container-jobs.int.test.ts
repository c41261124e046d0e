/** The jobs of the queue against the real engine, each file with compose projects of its own. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Container } from "@appliance/jobs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { docker, sleeper, throwAwayGroup, type Delivered, type ThrowAway } from "../test/throw-away-group.ts";
import { createDocker } from "./docker.ts";

let group: ThrowAway;

beforeAll(() => {
  group = throwAwayGroup();
});
afterAll(() => group.remove());

const failureOf = (delivery: Promise<Delivered>) =>
  delivery.then(
    () => undefined,
    (error: unknown) => error,
  );
const containersOf = ({ result }: Delivered) => (result as { containers: Container[] }).containers;
const up = (services: string[] = [], recreate = "changed") =>
  group.deliver("containers.up", { project: "application", services, recreate });
const idOf = (container: string) => docker("inspect", "--format={{.Id}}", container);
const web = () => `${group.application}_ecs.web_1`;

async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("it did not happen within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("containers.up of the application", () => {
  afterEach(() => group.deliver("containers.stop", { project: "application", services: [], timeoutSeconds: 1 }));

  const environment = {
    ECS_SETTINGS: `# line 1\npassword = "pa$HOMEword"\n\tquote = 'it''s' \\ $\${X}\n`,
    ECS_EMPTY: "",
    ECS_UNNAMED: "never passed on",
  };
  const file = {
    services: {
      "ecs.web": sleeper({ environment: ["ECS_SETTINGS", "ECS_EMPTY"] }),
      redis: sleeper({ healthcheck: { test: ["CMD", "true"], interval: "1s" } }),
    },
  };

  it("starts it under the names of the manual, healthy, and says what happens", async () => {
    group.writeApplication(file, environment);
    const delivered = await up();
    expect(containersOf(delivered)).toMatchObject([
      { project: "application", service: "ecs.web", container: web(), state: "running", health: null, exitCode: null },
      { service: "redis", container: `${group.application}_redis_1`, state: "running", health: "healthy" },
    ]);
    expect(delivered.sentences).toEqual(
      expect.arrayContaining([
        "ecs.web is being created",
        "ecs.web has started",
        expect.stringContaining("redis is starting"),
      ]),
    );
  });

  it("passes values on unchanged, with their line ends, quotes and dollars, and only those that a service names", async () => {
    group.writeApplication(file, environment);
    await up();
    const given = JSON.parse(docker("inspect", "--format={{json .Config.Env}}", web())) as string[];
    expect(given).toContain(`ECS_SETTINGS=${environment.ECS_SETTINGS}`);
    expect(given).toContain("ECS_EMPTY=");
    expect(given.join()).not.toContain("never passed on");
  });

  it("tells the file where the appliance lies and whose networks to join", async () => {
    const told = ["ROOT=${APPLIANCE_ROOT:?}", "PROJECT=${APPLIANCE_PROJECT:?}", "VERSION=${APPLIANCE_VERSION:?}"];
    group.writeApplication({ services: { "ecs.web": sleeper({ environment: told }) } });
    await up();
    const given = JSON.parse(docker("inspect", "--format={{json .Config.Env}}", web())) as string[];
    expect(given).toEqual(
      expect.arrayContaining([`ROOT=${group.checkout}/appliance-root`, `PROJECT=${group.core}`, "VERSION=dev"]),
    );
  });

  it("does nothing the second time", async () => {
    group.writeApplication(file, environment);
    await up();
    const before = [idOf(web()), docker("inspect", "--format={{.State.StartedAt}}", web())];
    expect((await up()).sentences).toEqual([]);
    expect([idOf(web()), docker("inspect", "--format={{.State.StartedAt}}", web())]).toEqual(before);
  });

  it("replaces what changed and nothing else, unless it is told never or always", async () => {
    group.writeApplication(file, environment);
    await up();
    const [webId, redisId] = [idOf(web()), idOf(`${group.application}_redis_1`)];
    group.writeApplication(file, { ...environment, ECS_SETTINGS: "changed" });
    await up([], "never");
    expect(idOf(web())).toBe(webId);
    await up();
    expect(idOf(web())).not.toBe(webId);
    expect(idOf(`${group.application}_redis_1`)).toBe(redisId);
    await up(["redis"], "always");
    expect(idOf(`${group.application}_redis_1`)).not.toBe(redisId);
  });

  it("takes away services that the compose file no longer has", async () => {
    group.writeApplication({ services: { ...file.services, mocca: sleeper() } });
    await up();
    group.writeApplication(file);
    expect(containersOf(await up()).map(({ service }) => service)).toEqual(["ecs.web", "redis"]);
    expect(docker("ps", "--all", "--format={{.Names}}")).not.toContain(`${group.application}_mocca_1`);
  });

  it("carries on where a delivery was interrupted", async () => {
    group.writeApplication(
      { services: { "ecs.web": sleeper({ environment: ["ECS_SETTINGS"] }), other: sleeper() } },
      { ECS_SETTINGS: "x" },
    );
    const stopping = new AbortController();
    const order = { project: "application", services: [] };
    const first = failureOf(group.deliver("containers.up", order, { id: "same", cancelled: stopping.signal }));
    await waitFor(() => docker("ps", "--all", "--format={{.Names}}").includes(group.application));
    stopping.abort("the agent is stopping");
    expect(await first).toBeDefined();
    const second = await group.deliver("containers.up", order, { id: "same" });
    expect(containersOf(second).map(({ state }) => state)).toEqual(["running", "running"]);
  });

  it.each([500, 1100])("carries on where compose was killed after %i ms of replacing containers", async (ms) => {
    group.writeApplication(file, environment);
    await up();
    await group.killCompose(["up", "--detach", "--force-recreate"], environment, ms);
    const containers = containersOf(await up());
    expect(containers.map(({ service, state }) => [service, state])).toEqual([
      ["ecs.web", "running"],
      ["redis", "running"],
    ]);
  });

  it("is done once when two ask at the same time", async () => {
    group.writeApplication({ services: { "ecs.web": sleeper({ environment: { N: "two" } }) } });
    const told = (await Promise.all([up(), up()])).map(({ sentences }) => sentences.length);
    expect(told.filter((count) => count === 0)).toHaveLength(1);
  });
});

describe("containers.up of what does not come up", () => {
  afterEach(() => group.deliver("containers.stop", { project: "application", services: [], timeoutSeconds: 0 }));

  it("names an unhealthy service and quotes its log without secrets", async () => {
    const shout = ["sh", "-c", "echo cannot log in with $$ECS_PASSWORD >&2; exec sleep 600"];
    const check = { test: ["CMD-SHELL", "echo no answer; exit 1"], interval: "1s", retries: 2 };
    const service = sleeper({ command: shout, environment: ["ECS_PASSWORD"], healthcheck: check });
    group.writeApplication({ services: { "ecs.web": service } }, { ECS_PASSWORD: "correct-horse" });
    const failure = await failureOf(up());
    expect(failure).toMatchObject({
      code: "SERVICE_FAILED",
      message:
        "The service ecs.web is unhealthy (its check says: no answer). Its last lines: cannot log in with [redacted]",
      remedy: expect.stringContaining("appliance logs ecs.web"),
    });
  });

  it("names the dependency that keeps the others from starting", async () => {
    const check = { test: ["CMD", "false"], interval: "1s", retries: 1 };
    const waits = { depends_on: { redis: { condition: "service_healthy" } } };
    group.writeApplication({ services: { redis: sleeper({ healthcheck: check }), "ecs.web": sleeper(waits) } });
    expect(await failureOf(up())).toMatchObject({
      code: "SERVICE_FAILED",
      message: expect.stringMatching(/^The service redis is unhealthy/),
    });
  });

  it.each([
    [
      "one that ends at once",
      { restart: "no" },
      /^The service ecs.web has ended with exit code 3. Its last lines: bye$/,
    ],
    [
      "one that ends again and again",
      { restart: "always" },
      /^The service ecs.web has ended \d times, last with exit code 3/,
    ],
  ])("names %s", async (_, extra, message) => {
    group.writeApplication({
      services: { "ecs.web": sleeper({ ...extra, command: ["sh", "-c", "echo bye; exit 3"] }) },
    });
    expect(await failureOf(up())).toMatchObject({ code: "SERVICE_FAILED", message: expect.stringMatching(message) });
  });

  it("says that an image is missing and builds none by itself", async () => {
    group.writeApplication({ services: { "ecs.web": { image: "appliance/absent:none", build: "." } } });
    expect(await failureOf(up())).toMatchObject({
      code: "IMAGE_MISSING",
      message: expect.stringContaining("appliance/absent:none"),
    });
  });

  it("refuses an unknown service with a suggestion", async () => {
    group.writeApplication({ services: { "ecs.web": sleeper() } });
    expect(await failureOf(up(["ecs.wbe"]))).toMatchObject({
      code: "SERVICE_UNKNOWN",
      remedy: "Did you mean 'ecs.web'?",
    });
  });

  it("says what is wrong with a compose file", async () => {
    group.writeApplication({ services: { "ecs.web": { imgae: "x" } } });
    expect(await failureOf(up())).toMatchObject({ code: "COMPOSE_FAILED", message: expect.stringContaining("imgae") });
  });
});

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
    expect((await run("migrate", ["accounts"])).result).toEqual({ exitCode: 7, output: "accounts [redacted]\n" });
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
    expect(result).toEqual({ exitCode: 0, output: `${begun}\ndone\n` });
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
