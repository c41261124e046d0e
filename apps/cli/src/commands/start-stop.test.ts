import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Context } from "../context.ts";
import { start, stop } from "./start-stop.ts";

it("forgets, once everything is stopped, that the application was in service", async () => {
  const root = mkdtempSync(join(tmpdir(), "stop-"));
  const phase = join(root, "run/appliance/phase");
  mkdirSync(join(root, "run/appliance"), { recursive: true });
  writeFileSync(phase, "ready");
  const stopped: [string, boolean][] = [];
  const context = {
    installation: { root, coreProject: "appliance", applicationProject: "ecs" },
    compose: { stop: async (project: string) => void stopped.push([project, existsSync(phase)]) },
    terminal: { print: () => {}, say: () => {} },
  } as unknown as Context;
  await stop({ all: true }, context);
  expect(stopped).toEqual([
    ["ecs", true],
    ["appliance", true],
  ]);
  expect(existsSync(phase)).toBe(false);
  rmSync(root, { recursive: true });
});

it("starts the queue that was stopped by hand before it asks an agent, which could do nothing without", async () => {
  const done: string[] = [];
  const container = (service: string, state: string) => ({ name: service, service, state, status: state });
  const context = {
    installation: { root: "/nowhere", coreProject: "appliance" },
    api: {
      get: async () => ({}),
      enqueue: async (name: string) => void done.push(name),
      job: async () => ({ id: "1", queue: "config", name: "config.apply", state: "completed", result: null }),
    },
    compose: {
      list: async () => [container("prepare", "exited"), container("nginx", "running"), container("queue", "exited")],
      upCore: async () => void done.push("up"),
    },
    terminal: { print: () => {}, say: () => {} },
  } as unknown as Context;
  await start({ json: false, boot: true }, context);
  expect(done).toEqual(["up", "config.apply"]);
});
