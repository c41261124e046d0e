import { writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";
import type { Summary } from "./summary.ts";

/** Writes what came of each test to `TEST_SUMMARY_FILE`, with the reasons of skipped ones. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const summary: Summary = { passed: 0, failed: errors.map(() => "error outside of any test"), skipped: [] };
    for (const module of modules) {
      for (const test of module.children.allTests()) count(summary, test);
      if (module.errors().length > 0) summary.failed.push(described(module.moduleId, module.errors()));
      for (const suite of module.children.allSuites())
        if (suite.errors().length > 0) summary.failed.push(described(suite.fullName, suite.errors()));
    }
    const file = process.env["TEST_SUMMARY_FILE"];
    if (file) writeFileSync(file, JSON.stringify(summary));
  }
}

/** A test that never got its turn, because its set-up failed, has not passed. */
function count(summary: Summary, test: TestCase): void {
  const result = test.result();
  if (result.state === "passed") summary.passed++;
  else if (result.state === "skipped")
    summary.skipped.push({ name: test.fullName, reason: result.note ?? "no reason given" });
  else summary.failed.push(described(test.fullName, result.errors ?? []));
}

const LONGEST = 500;

/** The last lines of a run are what one sees of it first, far below where the error was printed. */
function described(name: string, errors: readonly SerializedError[]): string {
  const why = stripVTControlCharacters(errors.map(({ message }) => message).join("; ")).replaceAll(/\s+/g, " ");
  return why === "" ? name : `${name}: ${why.slice(0, LONGEST)}`;
}
