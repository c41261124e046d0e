import { writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { Summary } from "./summary.ts";

/** Writes what came of each test to `TEST_SUMMARY_FILE`, with the reasons of skipped ones. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const summary: Summary = { passed: 0, failed: errors.map(() => "error outside of any test"), skipped: [] };
    for (const module of modules) {
      for (const test of module.children.allTests()) count(summary, test);
      if (module.errors().length > 0) summary.failed.push(module.moduleId);
      for (const suite of module.children.allSuites())
        if (suite.errors().length > 0) summary.failed.push(suite.fullName);
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
  else summary.failed.push(test.fullName);
}
