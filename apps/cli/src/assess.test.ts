import { describe, expect, it } from "vitest";
import { assess } from "./assess.ts";
import { assessCommand } from "./commands/assess.ts";

describe("the manual's tables for ten years", () => {
  it.each([
    { studies: 20, databaseGb: 1.6, documentsGb: 40, diskGb: 92, backupGb: 89, cores: 2, memoryGb: 6 },
    { studies: 40, databaseGb: 3.2, documentsGb: 78, diskGb: 131, backupGb: 178, cores: 4, memoryGb: 9.5 },
    { studies: 100, databaseGb: 8, documentsGb: 195, diskGb: 253, backupGb: 444, cores: 6, memoryGb: 16 },
    { studies: 250, databaseGb: 20, documentsGb: 500, diskGb: 570, backupGb: 1332, cores: 8, memoryGb: 30 },
  ])("are kept for $studies studies per month", ({ studies, ...figures }) => {
    expect(assess(studies)).toMatchObject({ ...figures, baseGb: 50, warnings: [] });
  });
});

it("calculates 100 studies in KB as the manual does", () => {
  expect(assess(100).calculation).toEqual({
    databaseKb: 8_286_549,
    documentsKb: 204_781_684,
    diskKb: 52_428_800 + 8_286_549 + 204_781_684,
    backupKb: Math.floor(2 * 204_781_684 + 52_428_800 + (204_781_684 / 120) * 2),
  });
});

describe("sizes that the manual has no table for", () => {
  it("grow with every study and with every year", () => {
    const sizes = (figures: ReturnType<typeof assess>) => [figures.diskGb, figures.backupGb, figures.memoryGb];
    for (let studies = 1; studies < 300; studies += 1)
      for (const [at, size] of sizes(assess(studies + 1)).entries())
        expect(size).toBeGreaterThanOrEqual(sizes(assess(studies))[at]!);
    expect(assess(100, 5)).toMatchObject({ documentsGb: 98, databaseGb: 4, diskGb: 152, backupGb: 222, memoryGb: 12 });
  });

  it("are never below the smallest server", () => {
    expect(assess(1)).toMatchObject({ cores: 2, memoryGb: 4.5, diskGb: 52 });
  });

  it("are called a guess where nobody has been", () => {
    expect(assess(251).warnings).toHaveLength(1);
    expect(assess(250, 11).warnings).toHaveLength(1);
    expect(assess(500, 5).warnings).toEqual([]);
  });
});

describe("appliance assess", () => {
  function run(options: { studiesPerMonth: string; years: string; json: boolean }): string {
    const printed: string[] = [];
    const print = (text: string) => void printed.push(text);
    assessCommand(options, { terminal: { print, say: print, json: (value) => print(JSON.stringify(value)) } });
    return printed.join("\n");
  }

  it("prints a table", () => {
    expect(run({ studiesPerMonth: "40", years: "10", json: false })).toContain("Memory                9.5 GB or more");
  });

  it("prints the same figures as JSON", () => {
    expect(JSON.parse(run({ studiesPerMonth: "40", years: "10", json: true }))).toEqual(assess(40));
  });

  it.each(["0", "-1", "1e9", "forty", "", "2.5.1"])("refuses '%s' as a number of studies", (studiesPerMonth) => {
    expect(() => run({ studiesPerMonth, years: "10", json: false })).toThrow("is no number");
  });
});
