import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createTargetStates, hasSaved } from "./target-state.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "states-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const usage = { at: "2026-11-23T00:30:00Z", stored: { files: 1, bytes: 2 }, points: 3 };
const main = { name: "main", engine: "restic", url: "sftp://user:secret@host/a" } as const;

it("forgets what it knew of a place that env.yml no longer leads to, and keeps it through a new password", async () => {
  const states = createTargetStates(folder, log);
  await states.at(main);
  await states.update("main", { usage });
  expect((await states.at({ ...main, url: "sftp://other:new@host/a" })).usage).toEqual(usage);
  expect((await states.at({ ...main, url: "sftp://user:secret@host/b" })).usage).toBeNull();
  expect((await states.read("main")).usage).toBeNull();
});

it("does not take a target for a new one when its record cannot be read, until a run has saved everything", async () => {
  writeFileSync(join(folder, "main.json"), '{"lastSucc');
  const states = createTargetStates(folder, log);
  expect(hasSaved(await states.at(main))).toBe(true);
  await states.update("main", { usage });
  expect(hasSaved(await states.read("main"))).toBe(true);
  expect(hasSaved(await states.update("main", { lost: false }))).toBe(false);
});

it("takes over a record that does not say of which place it is", async () => {
  writeFileSync(join(folder, "main.json"), JSON.stringify({ usage }));
  expect((await createTargetStates(folder, log).at(main)).usage).toEqual(usage);
});
