import { describe, expect, it } from "vitest";
import { dayOf, outsideWindow, seeded, simulate } from "../../test/support/fake-year.ts";

const random = seeded(7);

describe("in a year that is simulated minute by minute", () => {
  it.each([
    // A renewal comes after two thirds, or after the half of a lifetime below ten days.
    [45, true, 12],
    [45, false, 12],
    [90, true, 6],
    [6, true, 122],
  ])(
    "certificates of %d days (suggestions: %s) are renewed in their window, and none ends",
    (lifetimeDays, suggests, about) => {
      const year = simulate({ days: 365, lifetimeDays, suggests, random });
      expect(outsideWindow(year)).toEqual([]);
      expect(year.invalidMinutes).toBe(0);
      expect(Math.abs(year.renewals.length - about)).toBeLessThanOrEqual(1);
      expect(year.failures).toEqual([]);
    },
  );
});

describe("an authority that is away", () => {
  // The certificate of day 0 is due on day 30, of which an hour was dated back.
  const outage = [20, 60] as const;
  const year = simulate({ days: 62, lifetimeDays: 45, suggests: true, outages: [outage], random });
  const failures = year.failures.map(dayOf);

  it("costs no minute before the last second of the present certificate, and is asked once a day after the fourth attempt", () => {
    const days = outage[1] - (45 - 1 / 24);
    expect(year.invalidMinutes / 60 / 24).toBeLessThanOrEqual(days + 1 / 24);
    const [first = 0, ...others] = failures;
    const minutes = others.slice(0, 3).map((day, place) => Math.round((day - (failures[place] ?? first)) * 24 * 60));
    expect(minutes).toEqual([1, 10, 100]);
    const daily = failures.slice(3);
    const gaps = daily.slice(1).map((day, place) => day - (daily[place] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1);
    expect(failures.length).toBeLessThanOrEqual(4 + 30);
  });

  it("has its return noticed within the hour", () => {
    const [renewal] = year.renewals;
    expect(dayOf(renewal?.at ?? new Date(0)) - outage[1]).toBeLessThanOrEqual(1 / 24);
  });

  it("for half of the time that is left costs nothing at all", () => {
    const short = simulate({ days: 365, lifetimeDays: 45, suggests: true, outages: [[30, 43]], random });
    expect(short.invalidMinutes).toBe(0);
  });
});
