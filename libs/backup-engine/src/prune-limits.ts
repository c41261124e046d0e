import { CommandError } from "@appliance/command";
import type { OperatorError } from "@appliance/errors";
import type { Cancellable, Finding, Point } from "./engine.ts";
import { failure, someOf } from "./failures.ts";
import type { Target } from "./target.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const APPEND_ONLY = "the account cannot delete (append-only)";

/** A finding about a target that env.yml calls append-only: why that is not so, or not proven. */
export const notAppendOnly = (label: string, detail: string): Finding =>
  toFinding(failure("BACKUP_NOT_APPEND_ONLY", label, detail));

/** A finding about points that are later than now: nothing goes by itself while they are there. */
export function findAhead(label: string, points: readonly Point[], now: Date): Finding[] {
  const names = points.filter(isAhead(now)).map(({ id, at }) => `${id} of ${at.toISOString()}`);
  return names.length === 0 ? [] : [toFinding(failure("BACKUP_LATER_THAN_NOW", label, someOf(names)))];
}

const toFinding = ({ code, message, remedy }: OperatorError): Finding => ({ code, message, remedy });

/** That a point is later than now, by more than zones can explain, says that the clock is wrong, or was when it was made. */
const isAhead =
  (now: Date) =>
  ({ at }: Point) =>
    at.getTime() > now.getTime() + DAY_MS;

/** Why nothing may be removed now, if so. */
export function whyNoPrune({ appendOnly }: Target, points: readonly Point[], now: Date): string | undefined {
  if (appendOnly === true) return APPEND_ONLY;
  const future = points.find(isAhead(now));
  return future && `the backup of ${future.at.toISOString()} is later than now: check the clock, or remove that backup`;
}

/** Runs `work` until the budget (default two hours) is used up: then it says so. What is half done must do no harm. */
export async function withinBudget(
  { signal, budgetMs = 2 * HOUR_MS }: Cancellable & { budgetMs?: number },
  work: (options: { signal: AbortSignal }) => Promise<void>,
): Promise<string | undefined> {
  const budget = AbortSignal.timeout(budgetMs);
  try {
    await work({ signal: signal ? AbortSignal.any([signal, budget]) : budget });
    return undefined;
  } catch (error) {
    if (budget.aborted && !signal?.aborted && isAborted(error)) return "the time for it was used up; the rest follows";
    throw error;
  }
}

const isAborted = (error: unknown) => error instanceof CommandError && error.code === "COMMAND_ABORTED";
