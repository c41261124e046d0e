import { describe, expect, it } from "vitest";
import { forecastRun, requireRoom, type ForecastFacts } from "./forecast.ts";

const MB = 1024 * 1024;
const run = (startedAt: string, given: { seconds: number; source: number; stored: number }) => ({
  startedAt,
  seconds: given.seconds,
  outcome: "saved" as const,
  failure: null,
  point: null,
  source: { files: 1, bytes: given.source },
  stored: { files: 1, bytes: given.stored },
});
const full = run("2026-11-01T00:30:00Z", { seconds: 1000, source: 500 * MB, stored: 510 * MB });
const increment = run("2026-11-22T00:30:00Z", { seconds: 60, source: 590 * MB, stored: 30 * MB });
const facts = (given: Partial<ForecastFacts>): ForecastFacts => ({
  engine: "duplicity",
  full: false,
  source: { files: 1, bytes: 600 * MB },
  dumpBytes: 20 * MB,
  state: { lastSuccess: increment, lastFull: full },
  now: new Date("2026-11-23T00:30:00Z"),
  ...given,
});

describe("forecastRun", () => {
  it("expects of an increment what the last one added and what has grown since", () => {
    expect(forecastRun(facts({}))).toEqual({ needBytes: 40 * MB, seconds: 60 });
  });

  it("expects everything of a first run, of one that is asked for anew, and of duplicity's full after two months", () => {
    const first = facts({ state: { lastSuccess: null, lastFull: null } });
    expect(forecastRun(first)).toEqual({ needBytes: 600 * MB, seconds: null });
    expect(forecastRun(facts({ full: true }))).toEqual({ needBytes: 600 * MB, seconds: 1200 });
    expect(forecastRun(facts({ now: new Date("2027-01-01T00:30:00Z") })).needBytes).toBe(600 * MB);
    expect(forecastRun(facts({ engine: "restic", now: new Date("2027-01-01T00:30:00Z") })).needBytes).toBe(40 * MB);
  });
});

describe("requireRoom", () => {
  it("refuses with both numbers, and lets pass where nobody knows", () => {
    const forecast = { needBytes: 40 * MB, seconds: null };
    expect(() => requireRoom("main", forecast, 39 * MB)).toThrow(/main has 39 MB free.* needs about 40 MB/);
    expect(() => requireRoom("main", forecast, null)).not.toThrow();
  });

  it("names numbers that differ, however small the target is", () => {
    const forecast = { needBytes: 815 * 1024, seconds: null };
    expect(() => requireRoom("main", forecast, 24 * 1024)).toThrow(/main has 24 KB free.* needs about 815 KB/);
  });
});
