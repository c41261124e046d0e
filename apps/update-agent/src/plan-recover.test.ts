import { describe, expect, it } from "vitest";
import { latestProgress, planRecover, verdictOf } from "./plan-recover.ts";

const wanted = { target: null, at: null, replace: false, jobId: "run-1-recover", name: "appliance" };
const progress = (bytes: number) => ({
  sentence: "Restoring the documents",
  done: { files: 1, bytes },
  total: { files: 4, bytes: 100 },
  secondsLeft: 60,
});
const RESULT = {
  target: "main",
  point: { id: "20261122T003000Z", at: "2026-11-22T00:30:00Z", kind: "full" },
  files: 4,
  bytes: 100,
  tables: 2,
  rows: 9,
  comparedWith: "manifest",
  seconds: 61,
};
const FAILURE = { code: "BACKUP_KEY_WRONG", message: "The key does not open it.", remedy: "Bring the right env.yml." };
const print = (...lines: unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

describe("planRecover", () => {
  it("has one container for one job, named for the project", () => {
    const { name } = planRecover(wanted);
    expect(name).toMatch(/^appliance_recovery_[0-9a-f]{12}$/);
    expect(planRecover(wanted).name).toBe(name);
    expect(planRecover({ ...wanted, jobId: "run-2-recover" }).name).not.toBe(name);
  });

  it("says which backup only where one was chosen", () => {
    expect(planRecover(wanted).command).toEqual(["recover"]);
    const chosen = planRecover({ ...wanted, target: "cellar", at: "2026-11-20T00:00:00Z" });
    expect(chosen.command).toEqual(["recover", "--target=cellar", "--at=2026-11-20T00:00:00Z"]);
    const nightly = planRecover({ ...wanted, runId: "pull-1", replace: true });
    expect(nightly.command).toEqual(["recover", "--run=pull-1", "--replace"]);
  });
});

describe("what a recovery prints", () => {
  it("is read past the half line that a log begins with, and past what is none of its words", () => {
    const output = `tes":3}}\n${print({ progress: progress(10) }, { progress: progress(20) })}a library speaks\n`;
    expect(latestProgress(output)).toEqual(progress(20));
    expect(latestProgress("")).toBeUndefined();
  });

  it("is a verdict only with the exit code that belongs to it", () => {
    const done = print({ progress: progress(100) }, { result: RESULT });
    expect(verdictOf(0, done)).toEqual({ result: RESULT });
    expect(verdictOf(137, done)).toBeUndefined();
    expect(verdictOf(1, print({ failure: FAILURE }))).toEqual({ failure: FAILURE });
    expect(verdictOf(0, print({ failure: FAILURE }))).toBeUndefined();
  });

  it("is no verdict where it was cut off", () => {
    expect(verdictOf(137, print({ progress: progress(50) }))).toBeUndefined();
    expect(verdictOf(1, "")).toBeUndefined();
  });
});
