import type { Container } from "@appliance/jobs";
import { describe, expect, it } from "vitest";
import { applicationDigest, planApplication, type ApplicationWanted } from "./plan-application.ts";

const wanted: ApplicationWanted = {
  version: "1",
  slice: { composeFile: "compose/sample/compose.yml", environment: { ECS_SETTINGS: "DEBUG = False" } },
};
const record = { digest: applicationDigest(wanted) };

const container = (service: string, state: Container["state"]): Container => ({
  project: "application",
  service,
  container: `ecs_${service}_1`,
  image: "appliance/sample:1",
  state,
  health: state === "running" ? "healthy" : null,
  exitCode: state === "running" ? null : 0,
  startedAt: null,
  restartCount: 0,
});

const planOf = (containers: Container[]) => planApplication(wanted, { containers, record, migratedVersion: "1" });

describe("planApplication", () => {
  it("has nothing to do for containers that run with what is wanted", () => {
    expect(planOf([container("ecs.web", "running"), container("redis", "running")])).toEqual([]);
  });

  it("takes an application of which nothing runs for down", () => {
    expect(planOf([container("ecs.web", "exited"), container("redis", "exited")])).toMatchObject([
      { summary: "Start the application", applicationIsDown: true, downtime: null },
    ]);
    expect(planOf([])).toMatchObject([{ applicationIsDown: true }]);
  });

  it("leaves the application in service while one of its containers is brought back", () => {
    expect(planOf([container("ecs.web", "running"), container("redis", "exited")])).toMatchObject([
      { changes: [{ what: "redis", from: "not running", to: "running" }], applicationIsDown: false, downtime: null },
    ]);
  });
});
