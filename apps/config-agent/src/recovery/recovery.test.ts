import type { Container } from "@appliance/jobs";
import { describe, expect, it } from "vitest";
import { describeProgress } from "./describe-progress.ts";
import { planRecovery } from "./recovery-capability.ts";

const container = (project: Container["project"], service: string, state: Container["state"] = "running") =>
  ({ project, service, state }) as Container;
const summaries = (...args: Parameters<typeof planRecovery>) => planRecovery(...args).map(({ summary }) => summary);
const anything = { target: null, at: null };

describe("planRecovery", () => {
  it("makes the role before the restore, which gives it the tables", () => {
    expect(summaries(anything, { roleIsMissing: true, containers: [] })).toEqual([
      "Give the application's role its password",
      "Restore the last backup of the first target that has one",
    ]);
  });

  it("stops first what has folders mounted that are replaced, and nothing else", () => {
    const containers = [
      container("core", "nginx"),
      container("core", "database"),
      container("core", "cert-agent"),
      container("core", "backup-agent", "exited"),
      container("application", "ecs.web"),
    ];
    expect(summaries(anything, { roleIsMissing: false, containers })[0]).toBe(
      "Stop what uses the data: cert-agent, ecs.web",
    );
  });

  it("says which backup was asked for", () => {
    const chosen = { target: "cellar", at: "2026-11-20T00:00:00Z" };
    expect(summaries(chosen, { roleIsMissing: false, containers: [] })).toEqual([
      "Restore the last backup until 2026-11-20 00:00:00 UTC of the target cellar",
    ]);
  });

  it("lets browsers have the page before each step, whatever ran", () => {
    const steps = planRecovery(anything, { roleIsMissing: true, containers: [container("core", "cert-agent")] });
    expect(steps.every(({ applicationIsDown }) => applicationIsDown)).toBe(true);
  });
});

describe("the line of a recovery on the status page", () => {
  const progress = { sentence: "Restoring the backup of 2026-11-22", done: { files: 4, bytes: 40 }, secondsLeft: 720 };
  const total = { files: 10, bytes: 100 };

  it.each([
    [{ ...progress, total }, "Restoring the backup of 2026-11-22: 40 %, about 12 minutes left"],
    [{ ...progress, total, secondsLeft: 14_500 }, "Restoring the backup of 2026-11-22: 40 %, about 4 hours left"],
    [{ ...progress, total, done: { files: 11, bytes: 120 }, secondsLeft: 5 }, /: 100 %, about a minute left$/],
    [{ ...progress, total: null, secondsLeft: null }, "Restoring the backup of 2026-11-22"],
    [{ ...progress, total: { files: 0, bytes: 0 }, secondsLeft: null }, "Restoring the backup of 2026-11-22"],
  ])("%# has share and time left where they are known", (told, line) => {
    expect(describeProgress(told)).toMatch(line);
  });
});
