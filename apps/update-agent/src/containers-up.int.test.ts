/** Bringing services up, against the real engine. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { containersOf, failureOf, idOf, waitFor } from "../test/deliveries.ts";
import { docker, sleeper, throwAwayGroup, type ThrowAway } from "../test/throw-away-group.ts";

let group: ThrowAway;

beforeAll(() => {
  group = throwAwayGroup();
});
afterAll(() => group.remove());

const up = (services: string[] = [], recreate = "changed") =>
  group.deliver("containers.up", { project: "application", services, recreate });
const web = () => `${group.application}_ecs.web_1`;

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

  it("tells what an unhealthy service's check says without secrets while it waits for it", async () => {
    const complain = "test ! -e /tmp/broken || { echo cannot log in with $$ECS_PASSWORD; exit 1; }";
    const check = { test: ["CMD-SHELL", complain], interval: "1s", retries: 1 };
    const service = sleeper({ environment: ["ECS_PASSWORD"], healthcheck: check });
    group.writeApplication({ services: { "ecs.web": service } }, { ECS_PASSWORD: "correct-horse" });
    await up();
    docker("exec", web(), "touch", "/tmp/broken");
    await waitFor(() => docker("inspect", "--format={{.State.Health.Status}}", web()) === "unhealthy");
    const mended = new Promise((resolve) => setTimeout(resolve, 2000)).then(() =>
      docker("exec", web(), "rm", "/tmp/broken"),
    );
    const { sentences } = await up();
    await mended;
    expect(sentences).toContain("ecs.web is unhealthy (its check says: cannot log in with [redacted])");
  });

  it("quotes only the end of a log with endless lines", async () => {
    const chatter = ["sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo bye; exit 3"];
    group.writeApplication({ services: { "ecs.web": sleeper({ command: chatter }) } });
    const { message } = (await failureOf(up())) as Error;
    expect(message).toMatch(/x \/ bye$/);
    expect(message.length).toBeLessThan(2200);
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
