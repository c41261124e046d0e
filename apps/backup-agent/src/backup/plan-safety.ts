import { planBackup, type Counted } from "@appliance/backup-content";
import type { OperatorError } from "@appliance/errors";
import { VAULT } from "../contents.ts";

/** A sudden loss that nobody has said yes to: what the last backup without it held, and when that was made. */
export interface Loss {
  since: string;
  before: Counted;
}

export interface SafetyFacts {
  /** The last manifest that can be believed; undefined before the first backup, and where it was damaged. */
  last: (Counted & { at: string }) | undefined;
  /** The loss that was found by an earlier run. */
  loss: Loss | undefined;
  /** An operator says that what is gone is meant to be gone. */
  lossAccepted: boolean;
  /** No target ever took a backup. */
  neverSaved: boolean;
}

/** `loss` is what is to be remembered from now on. */
export type SafetyPlan =
  | { action: "refuse"; error: OperatorError }
  | { action: "backup"; purge: boolean; alerts: OperatorError[]; loss: Loss | undefined };

/**
 * Decides whether what was counted is a backup, and whether old ones may go. A loss is measured against the last backup before it,
 * night after night, until the data is back or an operator accepts it: else the second night would find nothing missing, and within
 * weeks the last backup that has it would be removed.
 */
export function planSafety(now: Counted, { last, loss, lossAccepted, neverSaved }: SafetyFacts): SafetyPlan {
  const before = loss?.before ?? last;
  const mayBeNew = neverSaved || (last !== undefined && vaultFiles(last) === 0 && loss === undefined);
  const plan = planBackup(now, before, { vault: VAULT, mayBeNew });
  if (plan.action === "refuse") return plan;
  if (plan.purge || lossAccepted) {
    // Where backups exist that nothing can be compared with, a loss would go unseen.
    const isBlind = last === undefined && loss === undefined && !neverSaved && !lossAccepted;
    return { action: "backup", purge: !isBlind, alerts: [], loss: undefined };
  }
  return {
    ...plan,
    loss: loss ?? (last && { since: last.at, before: { database: last.database, folders: last.folders } }),
  };
}

const vaultFiles = ({ folders }: Counted) => folders.find(({ path }) => path === VAULT)?.files ?? 0;
