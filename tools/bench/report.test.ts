import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PARTS } from "./parts/index.ts";
import { placeSection, renderSection, type Section } from "./report.ts";

const section: Section = {
  part: "apply",
  command: "npm run bench -- apply",
  circumstances: "on a quiet machine.",
  figures: [
    { name: "an apply", measured: "0.4 s", beside: "below 1 s", met: true },
    { name: "a start", measured: "60 s", beside: "" },
    { name: "memory", measured: "40 MB", beside: "at most 35 MB", met: false },
  ],
};

describe("the page of figures", () => {
  it("says of each figure whether its goal was met, and nothing where there is none", () => {
    const lines = renderSection(section).split("\n");
    expect(lines.filter((line) => line.endsWith("| yes    |"))).toHaveLength(1);
    expect(lines.filter((line) => line.endsWith("| **no** |"))).toHaveLength(1);
    expect(lines.filter((line) => line.endsWith("|        |"))).toHaveLength(1);
  });

  it("replaces the figures of the part that was measured and keeps everything else", () => {
    const page = "# Words\n<!-- figures of apply -->\nold\n<!-- end of apply -->\nmore words\n";
    const placed = placeSection(page, section);
    expect(placed).toContain("an apply");
    expect(placed).not.toContain("old");
    expect(placed.startsWith("# Words\n")).toBe(true);
    expect(placed.endsWith("<!-- end of apply -->\nmore words\n")).toBe(true);
    expect(placeSection(placed, section)).toBe(placed);
  });

  it("refuses a page without a place for the part", () => {
    expect(() => placeSection("# Words\n", section)).toThrow("no place for the figures of apply");
  });

  it("has a place for every part", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/performance.md"), "utf8");
    for (const part of Object.keys(PARTS)) expect(page).toContain(`<!-- figures of ${part} -->`);
  });
});
