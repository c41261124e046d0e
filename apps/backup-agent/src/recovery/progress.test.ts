import type { BackupProgress } from "@appliance/jobs";
import { describe, expect, it } from "vitest";
import { createMeter } from "./progress.ts";

describe("createMeter", () => {
  const run = (total: { files: number; bytes: number } | null, steps: [ms: number, files: number, bytes: number][]) => {
    const told: BackupProgress[] = [];
    let now = 0;
    const tell = createMeter(
      (progress) => told.push(progress),
      "Restoring",
      total,
      () => now,
    );
    for (const [ms, files, bytes] of steps) {
      now = ms;
      tell({ files, bytes });
    }
    return told;
  };

  it("tells the time left by bytes, at most twice a second and not before it can be measured", () => {
    const told = run({ files: 10, bytes: 1000 }, [
      [0, 0, 0],
      [100, 1, 10],
      [1000, 1, 100],
      [5000, 2, 500],
    ]);
    expect(told.map(({ secondsLeft }) => secondsLeft)).toEqual([null, null, 5]);
  });

  it("takes what lies before the first byte for no measure, so that a slow beginning frightens nobody", () => {
    const told = run({ files: 10_000, bytes: 1000 }, [
      [0, 0, 0],
      [8000, 2, 0],
      [16_000, 2, 1],
      [20_000, 9, 501],
    ]);
    expect(told.map(({ secondsLeft }) => secondsLeft)).toEqual([null, null, null, 4]);
  });

  it("tells it by files where bytes are not counted, and never a negative one", () => {
    const total = { files: 10, bytes: 1000 };
    const left = (files: number) =>
      run(total, [
        [4000, 1, 0],
        [14_000, files, 0],
      ])[1];
    expect(left(2)?.secondsLeft).toBe(80);
    expect(left(12)).toMatchObject({ secondsLeft: 0, done: { files: 10 } });
  });

  it("tells none while the whole is not known", () => {
    expect(run(null, [[9000, 5, 5]])[0]).toMatchObject({ total: null, secondsLeft: null });
  });
});
