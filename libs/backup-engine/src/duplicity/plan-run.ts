import { subtractMonths } from "../months.ts";
import { filesOf, type BackupSet, type Chain, type Collection } from "./chains.ts";
import { dateToStamp, stampToDate } from "./file-names.ts";
import type { Ledger } from "./ledger.ts";

export interface RunPlan {
  kind: "full" | "incremental";
  why:
    | "asked for"
    | "first of its own"
    | "chain is damaged"
    | "chain ends later than now"
    | "full is too old"
    | "continues the chain";
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
  const end = chains.at(-1)?.sets.at(-1)?.to;
  if (full) return { kind: "full", why: "asked for" };
  if (begun === undefined || !ownChains.includes(begun)) return { kind: "full", why: "first of its own" };
  if (damagedChains.includes(begun)) return { kind: "full", why: "chain is damaged" };
  // duplicity would write an increment that ends before it begins.
  if (end !== undefined && stampToDate(end) > now) return { kind: "full", why: "chain ends later than now" };
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

/** Of so many days there must be backups since something grew old: one run under a clock that jumped ages nothing. */
const DAYS_OF_PROOF = 7;

/** Of the good chains so many stay, however old. */
const GOOD_CHAINS = 2;

/**
 * The files to remove: chains whose newest set is older than `keepMonths`, and remains of sets that old. Age is counted from
 * the seventh newest day that has a backup, and never from a clock alone. The newest chain and the newest two that are not
 * damaged stay, however old. The manifest of a set comes first: without it nothing takes the rest for a backup, should the
 * work end in the middle.
 */
export function planPrune(
  { chains, incomplete }: Collection,
  { damagedChains }: Pick<Ledger, "damagedChains">,
  { now, keepMonths }: { now: Date; keepMonths: number },
): string[] {
  const cutoff = cutoffOf(chains, now, keepMonths);
  const good = chains.filter((chain) => !damagedChains.includes(begunAt(chain))).slice(-GOOD_CHAINS);
  const isOld = ({ to }: BackupSet) => to < cutoff;
  const old = chains.slice(0, -1).filter((chain) => !good.includes(chain) && chain.sets.every(isOld));
  const sets = old.flatMap((chain) => chain.sets);
  // Nothing is left of an increment when its full goes first, so the newest goes first.
  return [...namesOf(sets.toReversed()), ...namesOf(incomplete.filter(isOld))];
}

/** The stamp before which everything is old; "" when nothing is. */
function cutoffOf(chains: readonly Chain[], now: Date, keepMonths: number): string {
  const stamps = chains.flatMap(({ sets }) => sets.map(({ to }) => to)).filter((to) => stampToDate(to) <= now);
  const lastOfDay = new Map(stamps.sort().map((stamp) => [stamp.slice(0, 8), stamp]));
  const reference = [...lastOfDay.values()].at(-DAYS_OF_PROOF);
  return reference === undefined ? "" : dateToStamp(subtractMonths(stampToDate(reference), keepMonths));
}

const begunAt = ({ sets }: Chain) => sets[0]?.to ?? "";

const namesOf = (sets: readonly BackupSet[]) => sets.flatMap((set) => filesOf(set).map(({ name }) => name));
