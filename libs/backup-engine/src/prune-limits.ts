import { CommandError } from "@appliance/command";
import type { Cancellable, Finding, Point } from "./engine.ts";
import { failure } from "./failures.ts";
import type { Target } from "./target.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export const APPEND_ONLY = "the account cannot delete (append-only)";

/** A finding about a target that env.yml calls append-only: why that is not so, or not proven. */
export function notAppendOnly(label: string, detail: string): Finding {
  const { code, message, remedy } = failure("BACKUP_NOT_APPEND_ONLY", label, detail);
  return { code, message, remedy };
}

/** Why nothing may be removed now, if so. A point later than now says that the clock is wrong, or was when it was made. */
export function whyNoPrune({ appendOnly }: Target, points: readonly Point[], now: Date): string | undefined {
  if (appendOnly === true) return APPEND_ONLY;
  const future = points.find(({ at }) => at.getTime() > now.getTime() + DAY_MS);
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
