import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Context } from "../context.ts";
import { stop } from "./start-stop.ts";

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
