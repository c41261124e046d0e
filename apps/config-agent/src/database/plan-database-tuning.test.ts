import { describe, expect, it } from "vitest";
import { databaseSettings, planDatabaseTuning, renderDatabaseSettings } from "./plan-database-tuning.ts";

describe("planDatabaseTuning", () => {
  it("follows the old system's formulas on a host of 8 cores and 18 GB", () => {
    expect(planDatabaseTuning({ memoryMb: 18432, cores: 8 })).toEqual({
      maxConnections: 100,
      sharedBuffersMb: 3456,
      workMemKb: 13824,
      effectiveCacheSizeMb: 10368,
      memoryMb: 14080,
      shmMb: 3712,
    });
  });

  it("gives the least that works on the smallest host", () => {
    expect(planDatabaseTuning({ memoryMb: 2000, cores: 2 })).toMatchObject({
      sharedBuffersMb: 128,
      workMemKb: 4096,
      effectiveCacheSizeMb: 2048,
      memoryMb: 768,
    });
  });

  it("keeps work_mem within its limits on a large host", () => {
    expect(planDatabaseTuning({ memoryMb: 262144, cores: 2 }).workMemKb).toBe(65536);
  });

  it("stays the same when the kernel reports a few pages more or less after a reboot", () => {
    expect(planDatabaseTuning({ memoryMb: 16001, cores: 4 })).toEqual(
      planDatabaseTuning({ memoryMb: 16043, cores: 4 }),
    );
  });

  it("always leaves the container room for shared buffers in memory and in /dev/shm", () => {
    for (let memoryMb = 1024; memoryMb < 300_000; memoryMb = Math.ceil(memoryMb * 1.3))
      for (const cores of [1, 2, 4, 8, 32]) {
        const tuning = planDatabaseTuning({ memoryMb, cores });
        expect(tuning.shmMb).toBeGreaterThanOrEqual(tuning.sharedBuffersMb);
        expect(tuning.memoryMb).toBeGreaterThan(tuning.sharedBuffersMb);
      }
  });
});

it("quotes values as postgresql.conf has it", () => {
  const text = renderDatabaseSettings({
    ...databaseSettings(planDatabaseTuning({ memoryMb: 8192, cores: 4 }), "Europe/Vienna"),
    a: "it's",
  });
  expect(text).toContain("timezone = 'Europe/Vienna'\n");
  expect(text).toContain("a = 'it''s'\n");
});
