import { expect, it } from "vitest";
import { formatAge } from "./amounts.ts";

it.each([
  ["2026-11-23T06:30:00.000Z", "just now"],
  ["2026-11-23T06:29:48.400Z", "11 s ago"],
  ["2026-11-23T01:28:00.000Z", "5 h 2 min ago"],
  ["2026-11-23T06:33:00.000Z", "in 3 min"],
])("the age of %s is told as %s", (iso, age) => {
  expect(formatAge(iso, new Date("2026-11-23T06:30:00Z"))).toBe(age);
});
