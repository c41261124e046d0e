import * as z from "zod";
import { OperatorError } from "@appliance/errors";
import type { Cancellable, Finding, PruneOutcome } from "../engine.ts";
import { APPEND_ONLY, findAhead, whyNoPrune, withinBudget } from "../prune-limits.ts";
import type { ResticContext } from "./context.ts";
import { unlock } from "./locks.ts";
import { ForgetGroup } from "./messages.ts";
import { listPoints } from "./points.ts";
import { callRestic } from "./program.ts";

/** How many daily, weekly and monthly points are kept: the last of each day, week and month that has one. Of the last week every one is. */
export interface ResticPolicy {
  daily: number;
  weekly: number;
  monthly: number;
}

/** Every one of the last week: what an operator saves by mistake, such as a loss, removes no better one of the same day. */
const LATELY = ["--keep-last", "1", "--keep-within", "7d"];

/** Little by little: the rest is packed anew on the next nights. */
const REPACK = ["--max-repack-size", "4G", "--max-unused", "10%"];

/**
 * Forgets points that the policy does not keep, then frees their space until the budget is used up. restic may be stopped
 * anywhere in it: data goes only after nothing names it any more. It counts points, and the last week from the newest of them, so a
 * clock that jumps forward removes nothing that the counts keep; after one that was set back, the newest would count as the oldest,
 * so nothing is removed.
 */
export async function prune(
  context: ResticContext,
  policy: ResticPolicy,
  options: Cancellable & { budgetMs?: number },
): Promise<PruneOutcome> {
  const removed: string[] = [];
  let postponed: string | undefined;
  let findings: Finding[] = [];
  const spent = await withinBudget(options, async ({ signal }) => {
    const recent = context.recent.recall();
    const points = recent ?? (await listPoints(context, { signal }));
    findings = findAhead(context.url.label, points, context.now());
    postponed = whyNoPrune(context.target, points, context.now());
    postponed ??= await removeOld(context, policy, removed, { signal, afterBackup: recent !== undefined });
  });
  return { removed, postponed: spent ?? postponed, findings };
}

/**
 * Adds to `removed` what is forgotten; says why nothing could be. `afterBackup` spares calls, each of which derives restic's key anew: the
 * backup took away the locks of dead runs, and a night that forgets nothing frees nothing. What runs that were cut off left there is
 * freed with the next that does.
 */
async function removeOld(
  context: ResticContext,
  policy: ResticPolicy,
  removed: string[],
  { afterBackup, ...options }: Cancellable & { afterBackup: boolean },
): Promise<string | undefined> {
  try {
    if (!afterBackup) await unlock(context, options);
    const chosen = await forget(context, policy, options);
    if (afterBackup && chosen.length === 0) return undefined;
    // restic ends with 0 where the server refuses to remove them.
    const left = new Set((await listPoints(context, options)).map(({ id }) => id));
    removed.push(...chosen.filter((id) => !left.has(id)));
    if (chosen.some((id) => left.has(id))) return APPEND_ONLY;
    await callRestic(context, ["prune", "--quiet", ...REPACK], options);
    return undefined;
  } catch (error) {
    if (error instanceof OperatorError && error.code === "BACKUP_TARGET_READ_ONLY") return APPEND_ONLY;
    throw error;
  }
}

async function forget(context: ResticContext, policy: ResticPolicy, options: Cancellable): Promise<string[]> {
  const keep = Object.entries(policy).flatMap(([name, n]) => [`--keep-${name}`, String(n)]);
  const args = ["forget", "--json", "--tag", "appliance", "--group-by", "host", ...LATELY, ...keep];
  const { stdout } = await callRestic(context, args, options);
  const groups = z.array(ForgetGroup).parse(JSON.parse(stdout.split("\n")[0] ?? "[]"));
  return groups.flatMap((group) => (group.remove ?? []).map(({ id }) => id));
}
