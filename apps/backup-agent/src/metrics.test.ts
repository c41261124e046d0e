import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "@appliance/jobs";
import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backupMetrics } from "./metrics.ts";
import { BackupAgentSlice } from "./slice.ts";
import { createTargetStates, type TargetState, type TargetStates } from "./targets/target-state.ts";

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const { targets } = BackupAgentSlice.pick({ targets: true }).parse({
  targets: ["main", "copy"].map((name) => ({ name, engine: "restic", url: `file:///mnt/${name}` })),
});
const RUN: NonNullable<TargetState["lastRun"]> = {
  startedAt: "2026-11-23T00:30:00.000Z",
  seconds: 312.5,
  outcome: "saved",
  failure: null,
  point: { id: "a", at: "2026-11-23T00:31:00.000Z", kind: "snapshot" },
  source: { files: 1508, bytes: 551 * 1024 * 1024 },
  stored: { files: 3, bytes: 5 * 1024 * 1024 },
};
const failure = { code: "BACKUP_TARGET_FULL", message: "It is full.", remedy: "Free space." };

describe("backupMetrics", () => {
  let folder: string;
  let states: TargetStates;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "backup-metrics-"));
    states = createTargetStates(folder, SILENT);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const lines = async (slice = async () => ({ targets })) => {
    const registry = new Registry();
    backupMetrics({ slice, states, now: () => new Date("2026-11-24T00:31:00.000Z") })(registry);
    return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  };

  it("gives the figures of the manual's system for main, by their names and in kilobytes", async () => {
    await states.update("main", { lastRun: RUN, lastSuccess: RUN });
    const found = await lines();
    expect(found).toEqual(
      expect.arrayContaining([
        `backup_last_start_time ${Date.parse(RUN.startedAt) / 1000}`,
        "backup_last_duration 312.5",
        "backup_last_size 5120",
        "backup_last_volumes 3",
        `backup_last_data_size ${551 * 1024}`,
        'backup_age_seconds{target="main"} 86400',
        'backup_last_outcome{target="main",outcome="saved"} 1',
      ]),
    );
  });

  it("tells of each target what is wrong and what was proven, and nothing of what is not known", async () => {
    const at = "2026-11-22T05:00:00.000Z";
    await states.update("copy", {
      lastRun: { ...RUN, outcome: "failed", failure },
      alerts: [{ ...failure, code: "BACKUP_LOST_MUCH" }],
      verified: { at, failure: null, everythingReadSince: null },
      proven: { at, of: at, whole: false, seconds: 90 },
    });
    const found = await lines();
    expect(found).toEqual(
      expect.arrayContaining([
        'backup_problem{target="copy",part="run",code="BACKUP_TARGET_FULL"} 1',
        'backup_problem{target="copy",part="run",code="BACKUP_LOST_MUCH"} 1',
        'backup_last_outcome{target="copy",outcome="failed"} 1',
        `backup_last_verified{target="copy"} ${Date.parse(at) / 1000}`,
        `backup_last_proven_restore{target="copy"} ${Date.parse(at) / 1000}`,
        'backup_proven_whole{target="copy"} 0',
        'backup_recovery_seconds{target="copy"} 90',
      ]),
    );
    expect(
      found.filter((line) => line.includes("main") || /^backup_last_(size|start_time)|success/.test(line)),
    ).toEqual([]);
  });

  it("gives no figure before env.yml was read", async () => {
    expect(await lines(() => Promise.reject(new Error("SLICE_MISSING")))).toEqual([]);
  });
});
