import { OperatorError, toFailure } from "@appliance/errors";
import type { Outcome } from "./save-to-target.ts";

/** The failure of a run that no target took: that of its only target, or a line for each of several. */
export function nothingSaved(outcomes: readonly Pick<Outcome, "target" | "failure">[]): OperatorError {
  const failures = outcomes.map(({ target, failure }) => ({ target, ...(failure ?? toFailure(undefined)) }));
  const [first] = failures;
  if (first && failures.length === 1) return new OperatorError(first.code, first.message, first);
  const reasons = failures.map(({ target, message, code }) => `${target}: ${message} (${code})`);
  return new OperatorError("BACKUP_NOTHING_SAVED", ["No target could take the backup.", ...reasons].join("\n"), {
    remedy: failures.map(({ target, remedy }) => `${target}: ${remedy}`).join("\n"),
  });
}
