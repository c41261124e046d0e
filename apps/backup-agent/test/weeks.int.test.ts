import type { BackupRun, BackupVerify, ResultOf } from "@appliance/jobs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TargetState } from "../src/targets/target-state.ts";
import { ROWS_BEFORE, startNights, type Nights, type TargetName } from "./support/nights.ts";

const DAY_MS = 86_400_000;
/** Five weeks from a Monday on, over the end of a month, and all before the kernel's own time: restic counts its last week from the newest of those. */
const NIGHTS = 35;
const FIRST = Date.parse("2025-01-06T00:30:00Z");
/** The disk of `copy` is away. */
const AWAY = [16, 17, 18];

const timeOf = (night: number) => new Date(FIRST + night * DAY_MS);
const hoursLater = (night: number, hours: number) => new Date(timeOf(night).getTime() + hours * 3_600_000);
const dayOf = (time: Date | string) => new Date(time).toISOString().slice(0, 10);
const daysOf = (nights: number[]) => nights.map((night) => dayOf(timeOf(night)));
const isSunday = (night: number) => night % 7 === 6;
/** A run of duplicity takes ten times as long: `main` is backed up first, on Sundays, and while `copy` is away. */
const takesMain = (night: number) => night === 0 || isSunday(night) || AWAY.includes(night);
const every = Array.from({ length: NIGHTS }, (_, night) => night);

interface Night {
  result: ResultOf<typeof BackupRun>;
  sums: Map<string, string>;
  copy: TargetState;
}

// Root alone can start the scratch server of the drills.
describe.runIf(process.getuid?.() === 0)("five weeks of nights", { timeout: 240_000 }, () => {
  let appliance: Nights;
  const nights: Night[] = [];
  /** Of all that `main` holds, every Sunday. */
  const readings: ResultOf<typeof BackupVerify>["targets"] = [];

  async function backUpAt(time: Date, target: TargetName | null, night: number): Promise<void> {
    await appliance.useIt(night);
    appliance.clock.set(time);
    const result = await appliance.backUp(target);
    nights[night] = { result, sums: appliance.sums(), copy: await appliance.state("copy") };
  }

  async function live(night: number): Promise<void> {
    if (night === AWAY[0]) appliance.unplug("copy");
    if (night === AWAY.at(-1)! + 1) appliance.plugIn("copy");
    await backUpAt(timeOf(night), takesMain(night) ? null : "copy", night);
    appliance.clock.set(hoursLater(night, 3.5));
    await appliance.verify("copy");
    if (!isSunday(night)) return;
    readings.push((await appliance.verify("main", { everything: true })).targets[0]!);
    appliance.clock.set(hoursLater(night, 4.5));
    await appliance.drill(null);
  }

  beforeAll(async () => {
    appliance = await startNights();
    for (const night of every) await live(night);
  }, 900_000);
  afterAll(() => appliance.stop());

  const daysAt = async (target: TargetName) => (await appliance.points(target)).map(({ at }) => dayOf(at));

  it("leave what the policy keeps, and the whole of the last good chain", async () => {
    // 14 days, the weeks before them, and the very first, which restic keeps while there are fewer months than it may keep.
    expect(await daysAt("copy")).toEqual(daysOf([0, 6, 13, 20, ...every.slice(-14)]));
    expect(await daysAt("main")).toEqual(daysOf(every.filter(takesMain)));
    const kinds = (await appliance.points("main")).map(({ kind }) => kind);
    expect(kinds).toEqual(["full", ...kinds.slice(1).map(() => "increment")]);
  });

  it.each([
    ["copy", [6, 13, 20, 25, 34]],
    ["main", [0, 17, 34]],
  ] as const)("can each be restored from %s as they were", async (target, chosen) => {
    for (const night of chosen) {
      const restored = await appliance.restoredSums(target, hoursLater(night, 1));
      expect(restored, `night ${night}`).toEqual(nights[night]!.sums);
    }
  });

  it.each(["main", "copy"] as const)("leave a sealed report of every week of %s", async (target) => {
    const reports = await appliance.reports(target);
    expect(reports.map(({ at }) => dayOf(at))).toEqual(daysOf(every.filter(isSunday)));
    const lastSaved = (sunday: number) =>
      every.findLast((night) => night <= sunday && (target === "copy" ? !AWAY.includes(night) : takesMain(night)))!;
    expect(reports).toEqual(
      every.filter(isSunday).map((sunday) =>
        expect.objectContaining({
          proven: true,
          comparedWith: "manifest",
          extent: expect.objectContaining({ files: "whole", sums: "whole" }) as object,
          database: expect.objectContaining({ rows: ROWS_BEFORE + lastSaved(sunday) + 1 }) as object,
        }),
      ),
    );
  });

  it.each(["main", "copy"] as const)(
    "call what was proven of %s by the time with which it is found",
    async (target) => {
      const newest = (await appliance.points(target)).at(-1)!.at;
      const { proven, lastSuccess } = await appliance.state(target);
      expect([proven?.of, lastSuccess?.point?.at]).toEqual([newest.toISOString(), newest.toISOString()]);
    },
  );

  it("have everything that is stored read within thirty days, a part each night or all at once", async () => {
    const { verified } = await appliance.state("copy");
    expect(verified?.failure).toBe(null);
    expect(Date.parse(verified!.everythingReadSince!)).toBeGreaterThan(timeOf(NIGHTS - 31).getTime());
    expect(readings.map(({ outcome, everythingReadSince }) => [outcome, dayOf(everythingReadSince!)])).toEqual(
      daysOf(every.filter(isSunday)).map((day) => ["whole", day]),
    );
  });

  it("say of a target whose disk is away that it is, for as long as it is, and go on with the other", () => {
    for (const night of AWAY) {
      const { result, copy } = nights[night]!;
      expect(result.targets.map(({ target, outcome }) => [target, outcome])).toEqual([
        ["main", "saved"],
        ["copy", "failed"],
      ]);
      expect(copy.lastRun?.failure?.code).toBe("BACKUP_TARGET_UNREACHABLE");
      expect(dayOf(copy.lastSuccess!.startedAt)).toBe(dayOf(timeOf(AWAY[0]! - 1)));
    }
    const after = nights[AWAY.at(-1)! + 1]!.copy;
    expect(after.lastRun).toMatchObject({ outcome: "saved", failure: null });
    expect(after.lastSuccess).toEqual(after.lastRun);
  });

  it("lose nothing by a clock that is a year ahead for one of them, and what is proven and restored is the newest", async () => {
    const before = { copy: await daysAt("copy"), main: await daysAt("main") };
    const ahead = new Date(timeOf(NIGHTS).getTime() + 365 * DAY_MS);
    const last = NIGHTS + 1;
    await backUpAt(ahead, null, NIGHTS);
    await backUpAt(timeOf(last), null, last);
    for (const { outcome, pruningPostponed } of nights[last]!.result.targets)
      expect([outcome, pruningPostponed]).toEqual(["saved", expect.stringMatching(/^the backup of 2026-.* is later/)]);
    for (const target of ["main", "copy"] as const)
      expect((await appliance.state(target)).alerts.map(({ code }) => code)).toEqual(["BACKUP_LATER_THAN_NOW"]);

    const added = [dayOf(timeOf(last)), dayOf(ahead)];
    expect((await daysAt("main")).toSorted()).toEqual([...before.main, ...added]);
    // What is fifteen days old goes with any night.
    expect(await daysAt("copy")).toEqual([...before.copy.filter((day) => day !== dayOf(timeOf(21))), ...added]);
    expect((await appliance.drill(null)).targets.map(({ outcome }) => outcome)).toEqual(["proven", "proven"]);
    for (const target of ["main", "copy"] as const) {
      const newest = (await appliance.reports(target)).find(({ at }) => dayOf(at) === dayOf(timeOf(last)));
      expect(newest?.database.rows).toBe(ROWS_BEFORE + last + 1);
      expect(await appliance.restoredSums(target, null)).toEqual(nights[last]!.sums);
      expect(await appliance.restoredSums(target, hoursLater(NIGHTS + 365, 1))).toEqual(nights[NIGHTS]!.sums);
    }
  });

  it("go on as before once the backup of that clock was removed at the target", async () => {
    const ahead = (await appliance.points("main")).find(({ at }) => at.getTime() > appliance.clock.now().getTime())!;
    expect((await appliance.state("main")).alerts[0]?.message).toContain(ahead.id);
    appliance.removeFromMain(ahead.id);
    await backUpAt(timeOf(NIGHTS + 2), "main", NIGHTS + 2);
    expect((await appliance.state("main")).alerts).toEqual([]);
    expect((await appliance.points("main")).at(-1)?.kind).toBe("increment");
    expect(await appliance.restoredSums("main", null)).toEqual(nights[NIGHTS + 2]!.sums);
  });
});
