import { describe, expect, it } from "vitest";
import { createBackupProgress } from "./backup-progress.ts";

const progress = (sentence: string, more: object = {}) => ({
  sentence,
  done: { files: 0, bytes: 0 },
  total: null,
  secondsLeft: null,
  ...more,
});

describe("the progress of a backup", () => {
  it("tells bytes, files and the time left as far as they are known", () => {
    const tell = (more: object) => createBackupProgress()(progress("Saving to main", more));
    expect(tell({})).toBe("Saving to main");
    expect(tell({ done: { files: 3, bytes: 1536 } })).toBe("Saving to main: 1.5 KB, 3 files");
    const done = { files: 300, bytes: 5 * 1024 ** 3 };
    const total = { files: 1508, bytes: 97 * 1024 ** 3 };
    expect(tell({ done, total, secondsLeft: 7980 })).toBe(
      "Saving to main: 5.0 GB of 97 GB, 300 of 1508 files, about 2 h 13 min left",
    );
  });

  it("tells the same sentence ever more seldom, and another one at once", () => {
    let now = 0;
    const tell = createBackupProgress(() => now);
    const told: number[] = [];
    for (; now < 300_000; now += 1000)
      if (tell(progress(now < 200_000 ? "Saving to main" : "Saving to second"))) told.push(now / 1000);
    expect(told).toEqual([0, 2, 6, 14, 30, 62, 122, 182, 200, 202, 206, 214, 230, 262]);
  });

  it("tells the step of other work, and nothing of what it does not understand", () => {
    const tell = createBackupProgress();
    expect(tell({ step: "Start the application" })).toBe("Start the application");
    expect(tell(null)).toBeUndefined();
  });
});
