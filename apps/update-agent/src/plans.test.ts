import { describe, expect, it } from "vitest";
import type { GroupModel, ServiceDefinition } from "./compose-model.ts";
import type { ServiceContainer } from "./docker.ts";
import { judgeContainer } from "./judge-container.ts";
import { planRenewMounts } from "./plan-renew-mounts.ts";
import { planRun } from "./plan-run.ts";
import { planServices } from "./plan-services.ts";
import { halfMadeContainers, planUp, type UpWanted } from "./plan-up.ts";

const definition = (extra: Partial<ServiceDefinition> = {}): ServiceDefinition => ({
  image: "appliance/sample:dev",
  hash: "hash-1",
  replicas: 1,
  profiles: [],
  ...extra,
});

const container = (extra: Partial<ServiceContainer> = {}): ServiceContainer => ({
  project: "application",
  service: "ecs.web",
  container: "ecs_ecs.web_1",
  image: "appliance/sample:dev",
  state: "running",
  health: null,
  exitCode: null,
  startedAt: "2026-11-22T10:00:00Z",
  restartCount: 0,
  id: "1",
  configHash: "hash-1",
  imageId: "sha256:1",
  restartPolicy: "unless-stopped",
  healthOutput: null,
  bindSources: [],
  ...extra,
});

const model = (services: Record<string, ServiceDefinition>): GroupModel => ({
  services: new Map(Object.entries(services)),
  operations: new Map([
    [
      "user",
      { service: "ecs.web", command: ["/start", "user"], arguments: ["add|remove", "[a-z]+"], secretOutput: false },
    ],
  ]),
});

const plan = (
  containers: ServiceContainer[],
  wanted: Partial<UpWanted> = {},
  imageId: string | undefined = "sha256:1",
) =>
  planUp(
    { services: ["ecs.web"], recreate: "changed", model: model({ "ecs.web": definition() }), whole: false, ...wanted },
    { containers, imageIds: new Map([["appliance/sample:dev", imageId]]) },
  );

describe("planUp", () => {
  it("has no step when everything is as its definition says", () => {
    expect(plan([container()])).toEqual([]);
  });

  it.each<[string, ServiceContainer[], string]>([
    ["is missing", [], "create"],
    ["was left twice by a replacement that was killed", [container(), container({ id: "2" })], "create"],
    ["has another definition", [container({ configHash: "hash-0" })], "recreate"],
    ["has another image under the same name", [container({ imageId: "sha256:0" })], "recreate"],
    ["is stopped", [container({ state: "exited", exitCode: 0 })], "start"],
    ["was never started", [container({ state: "created" })], "start"],
  ])("has one step when the container %s", (_, containers, action) => {
    expect(plan(containers)).toEqual([{ action, service: "ecs.web" }]);
  });

  it("leaves a changed container alone when told never, and replaces an unchanged one when told always", () => {
    expect(plan([container({ configHash: "hash-0" })], { recreate: "never" })).toEqual([]);
    expect(plan([container()], { recreate: "always" })).toEqual([{ action: "recreate", service: "ecs.web" }]);
  });

  it("keeps a container whose image was removed from the host: there is nothing to replace it with", () => {
    expect(plan([container()], {}, undefined)).toEqual([]);
  });

  it("removes what the file no longer has only when the whole application is meant", () => {
    const containers = [container(), container({ service: "mocca", container: "ecs_mocca_1" })];
    expect(plan(containers)).toEqual([]);
    expect(plan(containers, { whole: true })).toEqual([{ action: "remove", service: "mocca" }]);
  });

  it("tells the container that a killed replacement left from the one in service", () => {
    const left = container({ container: "0123456789ab_ecs_ecs.web_1", state: "created" });
    expect(halfMadeContainers([container(), left])).toEqual([left]);
  });
});

describe("planServices", () => {
  const core = model({
    queue: definition(),
    nginx: definition(),
    "update-agent": definition(),
    database: definition({ profiles: ["data"] }),
    "package-cache": definition({ profiles: ["data", "optional"] }),
  });

  it("means every service of the application, and of the core what the data stage cannot do without, when none is named", () => {
    expect(planServices("core", [], core)).toEqual(["database"]);
    expect(planServices("core", ["package-cache"], core)).toEqual(["package-cache"]);
    const application = model({ a: definition(), b: definition(), debug: definition({ profiles: ["debug"] }) });
    expect(planServices("application", [], application)).toEqual(["a", "b"]);
    expect(planServices("application", ["debug"], application)).toEqual(["debug"]);
  });

  it.each(["update-agent", "queue"])("refuses to touch %s, which carries the job", (name) => {
    expect(() => planServices("core", ["database", name], core)).toThrow(
      expect.objectContaining({ code: "SERVICE_PROTECTED" }),
    );
  });

  it("may touch nginx by name", () => {
    expect(planServices("core", ["nginx"], core)).toEqual(["nginx"]);
  });
});

describe("planRun", () => {
  const wanted = { operation: "user", arguments: ["add", "anna"], jobId: "job-1", name: "ecs" };

  it("adds the arguments to the declared command", () => {
    expect(planRun(wanted, model({}))).toMatchObject({
      service: "ecs.web",
      command: ["/start", "user", "add", "anna"],
    });
  });

  it("names the container by the job, so that a second delivery finds it", () => {
    const name = (jobId: string) => planRun({ ...wanted, jobId }, model({})).name;
    expect(name("job-1")).toMatch(/^ecs_user_[0-9a-f]{12}$/);
    expect(name("job-1")).toBe(name("job-1"));
    expect(name("job-2")).not.toBe(name("job-1"));
  });

  it("binds each pattern to the whole argument, alternatives included, and repeats no argument in the error", () => {
    const refuse = () => planRun({ ...wanted, arguments: ["address", "--password=hunter22"] }, model({}));
    expect(refuse).toThrow("argument 1 does not match add|remove");
  });
});

describe("planRenewMounts", () => {
  const file = "/data/etc/server.cert.pem";
  const replaced = { files: [file, "/app/etc/server.cert.pem"], replacedAt: new Date("2026-11-22T12:00:00Z") };
  const mounting = (source: string, extra: Partial<ServiceContainer> = {}) =>
    container({ bindSources: ["/data/vault", source], ...extra });
  const planAt = (containers: ServiceContainer[], now = "2026-11-22T12:01:00Z") =>
    planRenewMounts(replaced, containers, new Date(now));

  it("names each service once that has mounted the file by itself, under either of its paths", () => {
    const containers = [
      mounting(file, { service: "pdfas" }),
      mounting(file, { service: "pdfas", id: "2" }),
      mounting("/app/etc/server.cert.pem", { service: "mocca" }),
    ];
    expect(planAt(containers)).toEqual(["pdfas", "mocca"]);
  });

  it.each<[string, ServiceContainer]>([
    ["has mounted the folder", mounting("/data/etc")],
    ["was stopped", mounting(file, { state: "exited" })],
    ["started after the file was replaced", mounting(file, { startedAt: "2026-11-22T12:00:30Z" })],
  ])("leaves alone what %s", (_what, one) => {
    expect(planAt([one])).toEqual([]);
  });

  it("does not believe a start that a wrong clock put into the future", () => {
    expect(planAt([mounting(file, { startedAt: "2036-11-22T12:00:00Z" })])).toEqual(["ecs.web"]);
  });
});

describe("judgeContainer", () => {
  const now = new Date("2026-11-22T10:10:00Z");
  const judge = (extra: Partial<ServiceContainer>, { fresh = true, waitedMs = 0 } = {}) =>
    judgeContainer(container(extra), fresh, waitedMs, now).state;

  it.each<[string, Partial<ServiceContainer>, string]>([
    ["runs for a while without a health check", {}, "ready"],
    ["has only just started", { startedAt: "2026-11-22T10:09:59Z" }, "waiting"],
    ["is healthy", { health: "healthy" }, "ready"],
    ["is not yet checked", { health: "starting" }, "waiting"],
    ["was started and is unhealthy", { health: "unhealthy" }, "failed"],
    ["restarts for the second time", { state: "restarting", restartCount: 2, exitCode: 1 }, "waiting"],
    ["restarts for the third time", { state: "restarting", restartCount: 3, exitCode: 1 }, "failed"],
    ["had one thing to do and did it", { state: "exited", exitCode: 0, restartPolicy: "no" }, "ready"],
    [
      "ended though it should run on",
      { state: "exited", exitCode: 0, restartPolicy: "no", health: "starting" },
      "failed",
    ],
    ["ended with an error", { state: "exited", exitCode: 1, restartPolicy: "no" }, "failed"],
    ["is being created", { state: "created" }, "waiting"],
    ["is paused", { state: "paused" }, "failed"],
  ])("one that %s", (_, extra, state) => {
    expect(judge(extra)).toBe(state);
  });

  it("gives one that was unhealthy before time to recover, since what it lacked may just have come", () => {
    expect(judge({ health: "unhealthy" }, { fresh: false, waitedMs: 10_000 })).toBe("waiting");
    expect(judge({ health: "unhealthy" }, { fresh: false, waitedMs: 60_000 })).toBe("failed");
  });
});
