/** What came of some tests. */
export interface Summary {
  passed: number;
  /** The names of failed tests, and of files that could not be run. */
  failed: string[];
  skipped: { name: string; reason: string }[];
}

export function addUp(summaries: readonly Summary[]): Summary {
  return {
    passed: summaries.reduce((sum, one) => sum + one.passed, 0),
    failed: summaries.flatMap((one) => one.failed),
    skipped: summaries.flatMap((one) => one.skipped),
  };
}

/** A run in which nothing ran has proven nothing. */
export function succeeded({ passed, failed }: Summary): boolean {
  return passed > 0 && failed.length === 0;
}

export function lastLine({ passed, failed, skipped }: Summary): string {
  return `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
}
