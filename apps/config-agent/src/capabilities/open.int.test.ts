import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Wanted } from "../capability.ts";
import type { ProbeDeps } from "../probe.ts";
import { createRootFiles } from "../root-files.ts";
import { openCapability } from "./open.ts";

const wanted = { env: { appliance: { domain: "ecs.example" } } } as Wanted;
const WELCOME = [{ summary: "Ask https://ecs.example/health/ and take the status page away" }];
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "open-"));
  mkdirSync(join(root, "var/lib/appliance/status"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const plan = (ahead?: { pageIsOn: boolean }) =>
  openCapability({ files: createRootFiles(root), probe: {} as ProbeDeps, open: async () => {} }).plan(wanted, ahead);

it("opens what the page closes, and nothing else", async () => {
  expect(await plan()).toEqual([]);
  writeFileSync(join(root, "var/lib/appliance/status/on"), "");
  expect(await plan()).toMatchObject(WELCOME);
});

it("is part of a plan whose earlier steps will put the page on", async () => {
  expect(await plan({ pageIsOn: false })).toEqual([]);
  expect(await plan({ pageIsOn: true })).toMatchObject(WELCOME);
});
