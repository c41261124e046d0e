import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createEscrow, type Escrow } from "./escrow.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const [OLD, NEW] = ["a".repeat(64), "b".repeat(64)];
let stateDir: string;
let time: string;
let escrow: Escrow;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "escrow-"));
  time = "2026-11-01T00:00:00.000Z";
  escrow = createEscrow({ stateDir, now: () => new Date(time), log });
});
afterEach(() => rmSync(stateDir, { recursive: true }));

it("counts the days of env.yml from when it was first seen, however often it is seen and asked for", async () => {
  await escrow.see(OLD);
  time = "2026-11-09T00:00:00.000Z";
  await escrow.see(OLD);
  expect(await escrow.status(OLD)).toEqual({ since: "2026-11-01T00:00:00.000Z", provenAt: null, packagedAt: null });
});

it("knows nothing of a changed env.yml, whatever was proven of the one before", async () => {
  await escrow.see(OLD);
  await escrow.note({ fingerprint: OLD, what: "proven" });
  await escrow.see(NEW);
  expect(await escrow.status(NEW)).toMatchObject({ since: time, provenAt: null });
  expect(await escrow.status(OLD)).toMatchObject({ provenAt: time });
});

it("writes nothing when it is asked", async () => {
  expect(await escrow.status(NEW)).toEqual({ since: null, provenAt: null, packagedAt: null });
  expect(existsSync(join(stateDir, "escrow.json"))).toBe(false);
});
