import { expect, it } from "vitest";
import { surplusOf } from "./reports.ts";

const names = (target: string, count: number) =>
  Array.from({ length: count }, (_, n) => `2026-11-23T0500${String(n).padStart(2, "0")}.123Z-${target}.json`);

it("keeps the newest sixty reports of a target, and all of others, whose names may end alike", () => {
  const there = [...names("main", 60), "2025-01-01T050000.000Z-main.json", ...names("other-main", 60), "notes.txt"];
  expect(surplusOf(there, "main")).toEqual(["2025-01-01T050000.000Z-main.json"]);
  expect(surplusOf(names("main", 3), "main")).toEqual([]);
});
