import { subtractMonths } from "../months.ts";
import { filesOf, type BackupSet, type Chain, type Collection } from "./chains.ts";
import { dateToStamp, stampToDate } from "./file-names.ts";
import type { Ledger } from "./ledger.ts";

export interface RunPlan {
  kind: "full" | "incremental";
  why: "asked for" | "first of its own" | "chain is damaged" | "full is too old" | "continues the chain";
}

/**
 * Decides what a run is. An increment only ever continues the newest chain, and only when this engine began it and nothing in
 * it is known to be damaged: an increment upon damage could never be restored.
 */
export function planRun(
  { chains }: Collection,
  { ownChains, damagedChains }: Ledger,
  { full, now, fullEveryMonths }: { full: boolean; now: Date; fullEveryMonths: number },
): RunPlan {
  const begun = chains.at(-1)?.sets[0]?.to;
  if (full) return { kind: "full", why: "asked for" };
  if (begun === undefined || !ownChains.includes(begun)) return { kind: "full", why: "first of its own" };
  if (damagedChains.includes(begun)) return { kind: "full", why: "chain is damaged" };
  if (stampToDate(begun) <= subtractMonths(now, fullEveryMonths)) return { kind: "full", why: "full is too old" };
  return { kind: "incremental", why: "continues the chain" };
}

/**
 * The files that a killed run of ours left at the target. duplicity would resume such a run, and would join the volumes of a
 * file that changed meanwhile to volumes of its new content: restored without an error, and wrong. So it starts anew.
 */
export function planDiscard({ incomplete }: Collection, { startedAt }: Ledger): string[] {
  if (startedAt === undefined) return [];
  const since = dateToStamp(new Date(startedAt));
  return namesOf(incomplete.filter((set) => set.manifest === undefined && set.to >= since));
}

/**
 * The files to remove: chains whose newest set is older than `keepMonths`, and remains of sets that old. The newest chain and
 * the newest one that is not damaged stay, however old. The manifest of a set comes first: without it nothing takes the rest
 * for a backup, should the work end in the middle.
 */
export function planPrune(
  { chains, incomplete }: Collection,
  { damagedChains }: Pick<Ledger, "damagedChains">,
  { now, keepMonths }: { now: Date; keepMonths: number },
): { points: string[]; files: string[] } {
  const cutoff = dateToStamp(subtractMonths(now, keepMonths));
  const lastGood = chains.findLast((chain) => !damagedChains.includes(begunAt(chain)));
  const isOld = ({ to }: BackupSet) => to < cutoff;
  const old = chains.slice(0, -1).filter((chain) => chain !== lastGood && chain.sets.every(isOld));
  const sets = old.flatMap((chain) => chain.sets);
  // Nothing is left of an increment when its full goes first, so the newest goes first.
  const files = [...namesOf(sets.toReversed()), ...namesOf(incomplete.filter(isOld))];
  return { points: sets.map(({ to }) => to), files };
}

const begunAt = ({ sets }: Chain) => sets[0]?.to ?? "";

const namesOf = (sets: readonly BackupSet[]) => sets.flatMap((set) => filesOf(set).map(({ name }) => name));
