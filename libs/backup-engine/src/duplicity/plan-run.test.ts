import { describe, expect, it } from "vitest";
import { toCollection } from "./chains.ts";
import { parseFileName } from "./file-names.ts";
import { planDiscard, planPrune, planRun } from "./plan-run.ts";

const full = (stamp: string) => [
  `duplicity-full.${stamp}.manifest.gpg`,
  `duplicity-full-signatures.${stamp}.sigtar.gpg`,
  `duplicity-full.${stamp}.vol1.difftar.gpg`,
];
const increment = (from: string, to: string) => [
  `duplicity-inc.${from}.to.${to}.manifest.gpg`,
  `duplicity-new-signatures.${from}.to.${to}.sigtar.gpg`,
  `duplicity-inc.${from}.to.${to}.vol1.difftar.gpg`,
];

const JAN = "20260101T003000Z";
const JAN_2 = "20260102T003000Z";
const MAR = "20260301T003000Z";
const MAY = "20260501T003000Z";
const JAN_2036 = "20360101T003000Z";
/** An increment on each of the `count` days that follow the first of a month. */
const daily = (first: string, count: number) =>
  Array.from({ length: count }, (_, n) => increment(dayAfter(first, n), dayAfter(first, n + 1))).flat();
const dayAfter = (first: string, days: number) => first.replace(/01T/, `${String(1 + days).padStart(2, "0")}T`);
const ledger = { ownChains: [JAN, MAR, MAY], damagedChains: [] as string[], files: {} };
const at = (text: string) => ({ full: false, now: new Date(text), fullEveryMonths: 2 });

describe("planRun", () => {
  const collection = toCollection([...full(JAN), ...increment(JAN, JAN_2)]);

  it("continues its own chain until the full is two months old, then starts a new one", () => {
    expect(planRun(collection, ledger, at("2026-03-01T00:29:59Z")).kind).toBe("incremental");
    expect(planRun(collection, ledger, at("2026-03-01T00:30:00Z"))).toEqual({ kind: "full", why: "full is too old" });
  });

  it("starts a full on an empty target, on a chain of another program, and when one is asked for", () => {
    const day = at("2026-01-03T00:30:00Z");
    expect(planRun(toCollection([]), ledger, day).kind).toBe("full");
    expect(planRun(collection, { ...ledger, ownChains: [] }, day).why).toBe("first of its own");
    expect(planRun(collection, ledger, { ...day, full: true }).why).toBe("asked for");
  });

  it("never builds upon damage", () => {
    const damaged = { ...ledger, damagedChains: [JAN] };
    expect(planRun(collection, damaged, at("2026-01-03T00:30:00Z")).why).toBe("chain is damaged");
  });
});

describe("planRun under a clock that was set back", () => {
  it("starts a full, since an increment cannot end before it begins", () => {
    const collection = toCollection([...full(MAR), ...full(MAY)]);
    expect(planRun(collection, ledger, at("2026-04-01T00:00:00Z")).why).toBe("chain ends later than now");
  });
});

describe("planDiscard", () => {
  const left = [
    `duplicity-inc.${JAN}.to.${JAN_2}.vol1.difftar.gpg`,
    `duplicity-inc.${JAN}.to.${JAN_2}.vol2.difftar.gpg`,
  ];
  const collection = toCollection([...full(JAN), ...left]);

  it("removes what a run that did not end has left, and no backup", () => {
    expect(planDiscard(collection, { ...ledger, startedAt: "2026-01-02T00:29:58.000Z" })).toEqual(left);
  });

  it("leaves incomplete sets alone that are not of the run that was killed", () => {
    expect(planDiscard(collection, ledger)).toEqual([]);
    expect(planDiscard(collection, { ...ledger, startedAt: "2026-01-05T00:30:00.000Z" })).toEqual([]);
  });
});

describe("planPrune", () => {
  const names = [...full(JAN), ...increment(JAN, JAN_2), ...full(MAR), ...full(MAY), ...daily(MAY, 8)];
  const prune = (all: string[], now: string, damagedChains: string[] = []) =>
    planPrune(toCollection(all), { damagedChains }, { now: new Date(now), keepMonths: 4 });
  /** The points that go with `files`, oldest first. */
  const pointsOf = (files: string[]) =>
    files.flatMap((name) => (/manifest/.test(name) ? [parseFileName(name)?.to] : [])).toReversed();

  it("removes whole chains four months after their newest set and a week of backups, increments before their full", () => {
    expect(pointsOf(prune(names, "2026-05-08T00:29:00Z"))).toEqual([]);
    const files = prune(names, "2026-05-09T00:31:00Z");
    expect(pointsOf(files)).toEqual([JAN, JAN_2]);
    expect(files[0]).toBe(`duplicity-inc.${JAN}.to.${JAN_2}.manifest.gpg`);
    expect(new Set(files)).toEqual(new Set([...full(JAN), ...increment(JAN, JAN_2)]));
  });

  it("keeps the newest chain however old, and the newest two that are not damaged", () => {
    const later = [...names, ...full(JAN_2036), ...daily(JAN_2036, 8)];
    expect(pointsOf(prune(later, "2036-02-01T00:00:00Z"))).toEqual([JAN, JAN_2, MAR]);
    expect(pointsOf(prune(later, "2036-02-01T00:00:00Z", [JAN_2036]))).toEqual([JAN, JAN_2]);
    expect(pointsOf(prune(later, "2036-02-01T00:00:00Z", [MAY, JAN_2036]))).not.toContain(JAN);
  });

  it("removes nothing because of a clock that jumps, until a week of backups was made under it", () => {
    const kept = [...full(JAN), ...full(MAR), ...full(MAY)];
    expect(pointsOf(prune(kept, "2036-01-02T00:00:00Z"))).toEqual([]);
    expect(pointsOf(prune([...kept, ...full(JAN_2036)], "2036-01-02T00:00:00Z"))).toEqual([]);
    expect(pointsOf(prune([...kept, ...full(JAN_2036), ...daily(JAN_2036, 5)], "2036-01-20T00:00:00Z"))).toEqual([]);
    expect(pointsOf(prune([...names, ...full(JAN_2036)], "2016-01-01T00:00:00Z"))).toEqual([]);
  });

  it("clears remains of runs that never ended once they are as old", () => {
    const orphan = `duplicity-full.${JAN_2}.vol1.difftar.gpg`;
    expect(prune([...full(MAY), ...daily(MAY, 8), orphan], "2026-06-01T00:00:00Z")).toEqual([orphan]);
  });
});
