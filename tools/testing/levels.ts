import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inherit } from "./inherit.ts";
import type { Summary } from "./summary.ts";

/** The vitest projects, in the order they run. */
export const LEVELS = ["unit", "int", "lab"] as const;
export type Level = (typeof LEVELS)[number];

/** Runs the tests of one level; one after the other, because they share two cores and one Docker engine. */
export async function runLevel(level: Level, files: readonly string[]): Promise<Summary> {
  const dir = mkdtempSync(join(tmpdir(), "appliance-test-"));
  try {
    return await runVitest(level, files, join(dir, "summary.json"));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function runVitest(level: Level, files: readonly string[], summaryFile: string): Promise<Summary> {
  const reporters = ["--reporter=default", `--reporter=${join(import.meta.dirname, "summary-reporter.ts")}`];
  const args = ["run", "--project", level, "--passWithNoTests", ...reporters, ...files];
  const code = await inherit("vitest", args, { TEST_SUMMARY_FILE: summaryFile });
  const summary = readSummary(summaryFile);
  if (code !== 0 && summary.failed.length === 0) summary.failed.push(`${level} tests: vitest ended with code ${code}`);
  return summary;
}

function readSummary(file: string): Summary {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Summary;
  } catch {
    return { passed: 0, failed: ["vitest left no summary"], skipped: [] };
  }
}
