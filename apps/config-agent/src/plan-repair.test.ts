import type { Container } from "@appliance/jobs";
import { expect, it } from "vitest";
import { planRepair } from "./plan-repair.ts";

const container = (overrides: Partial<Container>): Container => ({
  project: "application",
  service: "ecs.web",
  container: "ecs_ecs.web_1",
  image: "appliance/sample:dev",
  state: "running",
  health: "healthy",
  exitCode: null,
  startedAt: null,
  restartCount: 0,
  ...overrides,
});

it("leaves a running appliance alone", () => {
  expect(planRepair({ phase: "ready", failed: false, metadataOpen: false, containers: [container({})] })).toBeNull();
});

it("brings back a part of the application, the database, an agent of its stage or a package cache that died", () => {
  const core = ["database", "cert-agent", "backup-agent", "package-cache"].map((service) =>
    container({ project: "core", service, state: "exited" }),
  );
  const dead = [container({ state: "exited" }), ...core];
  expect(planRepair({ phase: "ready", failed: false, metadataOpen: false, containers: dead })).toBe(
    "not running: ecs.web, database, cert-agent, backup-agent, package-cache",
  );
});

it("leaves the agents to the engine, which restarts them itself", () => {
  const dead = [container({ project: "core", service: "update-agent", state: "exited" })];
  expect(planRepair({ phase: "ready", failed: false, metadataOpen: false, containers: dead })).toBeNull();
});

it.each(["stopped", "standby", "failed", "starting", "unconfigured"] as const)(
  "starts nothing in the phase %s",
  (phase) => {
    expect(
      planRepair({ phase, failed: false, metadataOpen: false, containers: [container({ state: "exited" })] }),
    ).toBeNull();
  },
);

it("starts nothing while a failure is not cleared", () => {
  expect(
    planRepair({ phase: "ready", failed: true, metadataOpen: false, containers: [container({ state: "exited" })] }),
  ).toBeNull();
});

it("keeps containers from the metadata service again when they reach it", () => {
  const containers = [container({})];
  const open = { failed: false, metadataOpen: true, containers };
  expect(planRepair({ phase: "ready", ...open })).toBe("containers reach the metadata service");
  expect(planRepair({ phase: "stopped", ...open })).toBeNull();
});
