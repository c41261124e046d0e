import type { OperatorError } from "@appliance/errors";
import { failure } from "./failures.ts";
import type { Manifest } from "./manifest/manifest.ts";

/** What was counted for a backup, as its manifest will have it. */
export type Counted = Pick<Manifest, "database" | "folders">;

export interface SafetyPolicy {
  /** The folder that must not be empty. */
  vault: string;
  /** A part of the last backup, from 0 to 1: with less than it left, the loss is called sudden. Default a half. */
  leastLeft?: number;
  /** An appliance that never had a document may back up an empty vault. Default false, as the manual says. */
  mayBeNew?: boolean;
}

/**
 * `refuse`: this is no backup, and nothing may run. `backup`: run; each of `alerts` goes to the operator, and with
 * `purge: false` nothing old may be removed afterwards.
 */
export type BackupPlan =
  | { action: "refuse"; error: OperatorError }
  | { action: "backup"; purge: boolean; alerts: OperatorError[] };

const LEAST_LEFT = 0.5;

/** Decides by the last backup whether what was counted now is one. `last` is undefined before the first. */
export function planBackup(now: Counted, last: Counted | undefined, policy: SafetyPolicy): BackupPlan {
  const error = whyNoBackup(now, last, policy);
  if (error) return { action: "refuse", error };
  const losses = last ? suddenLosses(measure(now, policy), measure(last, policy), policy.leastLeft ?? LEAST_LEFT) : [];
  return {
    action: "backup",
    purge: losses.length === 0,
    alerts: losses.length === 0 ? [] : [failure("BACKUP_LOST_MUCH", losses.join(", "))],
  };
}

function whyNoBackup(now: Counted, last: Counted | undefined, policy: SafetyPolicy): OperatorError | undefined {
  if (now.database.tables.length === 0) return failure("BACKUP_NO_DATABASE", `${now.database.name} has no tables`);
  const before = last ? measure(last, policy)["files of the vault"] : 0;
  if (measure(now, policy)["files of the vault"] > 0) return undefined;
  if (before > 0) return failure("BACKUP_VAULT_EMPTY", `the last backup had ${before} files of it`);
  return policy.mayBeNew ? undefined : failure("BACKUP_VAULT_EMPTY", policy.vault);
}

function measure({ database, folders }: Counted, { vault }: SafetyPolicy) {
  const inVault = folders.filter(({ path }) => path === vault);
  return {
    "files of the vault": sum(inVault.map(({ files }) => files)),
    "bytes of the vault": sum(inVault.map(({ bytes }) => bytes)),
    "files in all": sum(folders.map(({ files }) => files)),
    "rows of the database": sum(database.tables.map(({ rows }) => rows)),
  };
}

type Measures = ReturnType<typeof measure>;

function suddenLosses(now: Measures, before: Measures, leastLeft: number): string[] {
  const names = Object.keys(now) as (keyof Measures)[];
  const lost = names.filter((name) => now[name] < before[name] * leastLeft);
  return lost.map((name) => `${now[name]} ${name} are left of ${before[name]}`);
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
