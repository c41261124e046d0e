import { describe, expect, it } from "vitest";
import { runCommand } from "@appliance/command";
import { findAhead, whyNoPrune, withinBudget } from "./prune-limits.ts";

const point = (at: string) => ({ id: at, at: new Date(at), kind: "snapshot" as const });
const now = new Date("2026-05-01T00:00:00Z");

describe("findAhead", () => {
  it("names each backup that is later than now, for whoever must remove it", () => {
    const points = ["2026-04-30T00:30:00Z", "2026-05-01T06:00:00Z", "2036-01-01T00:30:00Z", "2036-01-02T00:30:00Z"];
    const [finding, ...others] = findAhead("near", points.map(point), now);
    expect(others).toEqual([]);
    expect(finding?.code).toBe("BACKUP_LATER_THAN_NOW");
    expect(finding?.message).toMatch(/: 2036-01-01T00:30:00Z of 2036-\S+, 2036-01-02T00:30:00Z of 2036-\S+$/);
    expect(findAhead("near", points.slice(0, 2).map(point), now)).toEqual([]);
  });
});

describe("whyNoPrune", () => {
  const target = { url: "file:///x" };

  it("keeps everything while a backup is later than now, because one of the two clocks is wrong", () => {
    expect(whyNoPrune(target, [point("2026-04-01T00:00:00Z"), point("2036-01-01T00:30:00Z")], now)).toContain("2036");
    expect(whyNoPrune(target, [point("2026-05-01T06:00:00Z")], now)).toBeUndefined();
    expect(whyNoPrune({ ...target, appendOnly: true }, [], now)).toContain("append-only");
  });
});

describe("withinBudget", () => {
  const sleep = async ({ signal }: { signal: AbortSignal }) =>
    void (await runCommand("sleep", ["20"], { signal, timeoutMs: 30_000 }));

  it("ends work whose time is used up, and says so", async () => {
    expect(await withinBudget({ budgetMs: 50 }, sleep)).toContain("used up");
    expect(await withinBudget({ budgetMs: 5000 }, async () => undefined)).toBeUndefined();
  });

  it("takes an end by the caller for no used up budget", async () => {
    const caller = AbortSignal.timeout(50);
    await expect(withinBudget({ signal: caller, budgetMs: 5000 }, sleep)).rejects.toMatchObject({
      code: "COMMAND_ABORTED",
    });
  });
});
