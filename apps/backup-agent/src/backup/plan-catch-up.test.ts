import { expect, it } from "vitest";
import { planCatchUp } from "./plan-catch-up.ts";

const at = (now: string, ...lastRuns: (string | null)[]) =>
  planCatchUp({ schedule: "*-*-* 00:30:00", timeZone: "Europe/Vienna", lastRuns, now: new Date(now) });

it("finds the backup that did not come, once it is two hours late", () => {
  const last = "2026-11-21T23:30:05.000Z";
  expect(at("2026-11-23T01:29:00Z", last)).toBeUndefined();
  expect(at("2026-11-23T01:31:00Z", last, null)).toEqual(new Date("2026-11-22T23:30:00Z"));
});

it("misses none before the first, and none that any target was last run for", () => {
  expect(at("2026-11-23T12:00:00Z", null)).toBeUndefined();
  expect(at("2026-11-23T12:00:00Z", "2026-11-20T23:30:05.000Z", "2026-11-22T23:30:05.000Z")).toBeUndefined();
});
