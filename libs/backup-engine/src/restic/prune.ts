import * as z from "zod";
import { OperatorError } from "@appliance/errors";
import { CommandError } from "@appliance/command";
import type { Cancellable, PruneOutcome } from "../engine.ts";
import type { ResticContext } from "./context.ts";
import { unlock } from "./locks.ts";
import { ForgetGroup } from "./messages.ts";
import { callRestic } from "./program.ts";

/** How many daily, weekly and monthly points are kept: the last of each day, week and month that has one. */
export interface ResticPolicy {
  daily: number;
  weekly: number;
  monthly: number;
}

const HOUR_MS = 3_600_000;
const APPEND_ONLY = "the account cannot delete (append-only)";

/** Little by little: the rest is packed anew on the next nights. */
const REPACK = ["--max-repack-size", "4G", "--max-unused", "10%"];

/**
 * Forgets points that the policy does not keep, then frees their space until the budget is used up. restic may be stopped
 * anywhere in it: data goes only after nothing names it any more.
 */
export async function prune(
  context: ResticContext,
  { daily, weekly, monthly }: ResticPolicy,
  { signal, budgetMs = 2 * HOUR_MS }: Cancellable & { budgetMs?: number },
): Promise<PruneOutcome> {
  if (context.target.appendOnly === true) return { removed: [], postponed: APPEND_ONLY };
  const budget = AbortSignal.timeout(budgetMs);
  const both = signal ? AbortSignal.any([signal, budget]) : budget;
  const keep = Object.entries({ daily, weekly, monthly }).flatMap(([name, n]) => [`--keep-${name}`, String(n)]);
  let removed: string[] = [];
  try {
    await unlock(context, { signal: both });
    const forget = ["forget", "--json", "--tag", "appliance", "--group-by", "host", "--keep-last", "1", ...keep];
    const { stdout } = await callRestic(context, forget, { signal: both });
    removed = z
      .array(ForgetGroup)
      .parse(JSON.parse(stdout.split("\n")[0] ?? "[]"))
      .flatMap((group) => (group.remove ?? []).map(({ id }) => id));
    await callRestic(context, ["prune", "--quiet", ...REPACK], { signal: both });
    return { removed, postponed: undefined };
  } catch (error) {
    if (budget.aborted && !signal?.aborted && isAborted(error))
      return { removed, postponed: "the time for it was used up; the rest follows" };
    if (error instanceof OperatorError && error.code === "BACKUP_TARGET_READ_ONLY")
      return { removed: [], postponed: APPEND_ONLY };
    throw error;
  }
}

const isAborted = (error: unknown) => error instanceof CommandError && error.code === "COMMAND_ABORTED";
