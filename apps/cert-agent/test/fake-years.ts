/** Simulated years as JSON on standard output, for the bench: `node apps/cert-agent/test/fake-years.ts`. */
import { outsideWindow, seeded, simulate } from "./support/fake-year.ts";

const DAYS = 365;
const LIFETIMES_DAYS = [45, 90, 6];

for (const lifetimeDays of LIFETIMES_DAYS)
  for (const suggests of [true, false]) {
    const year = simulate({ days: DAYS, lifetimeDays, suggests, random: seeded(lifetimeDays) });
    const [renewals, outside] = [year.renewals.length, outsideWindow(year).length];
    console.log(JSON.stringify({ lifetimeDays, suggests, renewals, outside, invalidMinutes: year.invalidMinutes }));
  }
