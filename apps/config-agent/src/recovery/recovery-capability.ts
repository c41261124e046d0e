import { formatInstant } from "@appliance/calendar";
import type { BackupProgress, Container, Recovered } from "@appliance/jobs";
import { forgetMigrations } from "../capabilities/application.ts";
import { ensureRole, isRoleMissing } from "../capabilities/database.ts";
import { forgetHooks } from "../capabilities/hooks.ts";
import { step, type Capability, type PlannedStep, type RunContext } from "../capability.ts";
import type { Containers } from "../containers.ts";
import type { Database } from "../database/database.ts";
import type { RootFiles } from "../root-files.ts";
import type { RecoveryRecord, RecoveryRecords } from "./recovery-record.ts";

interface Deps {
  files: RootFiles;
  containers: Containers;
  database: Database;
  recoveries: RecoveryRecords;
  progress: (progress: BackupProgress) => void;
}

interface RecoveryStep extends PlannedStep {
  action: "set-role" | "stop" | "restore";
}

/** What of the core has folders of /data mounted, which the recovery replaces; the apply after it starts them again. */
export const USERS_OF_DATA: readonly string[] = ["cert-agent", "backup-agent"];

/** Stands where an apply has the database: documents and database come from the backup. */
export function recoveryCapability({ runId, order }: RecoveryRecord, deps: Deps): Capability<RecoveryStep> {
  return {
    name: "recovery",
    title: "Restoring the backup",
    async plan() {
      const record = await deps.recoveries.read();
      if (record?.runId === runId && record.restored !== null) return [];
      const roleIsMissing = await isRoleMissing(deps.files, deps.database);
      return planRecovery(order, { roleIsMissing, containers: await deps.containers.observe() });
    },
    async apply({ action }, _wanted, run) {
      if (action === "set-role") await ensureRole(deps.files, deps.database);
      else if (action === "stop") await stopUsers(run, deps);
      else await restore(order, run, deps);
    },
  };
}

interface Observed {
  /** Whether the application's role is absent or has another password. */
  roleIsMissing: boolean;
  containers: readonly Container[];
}

/** Pure. */
export function planRecovery(
  { target, at }: Pick<RecoveryRecord["order"], "target" | "at">,
  { roleIsMissing, containers }: Observed,
): RecoveryStep[] {
  const steps: RecoveryStep[] = [];
  const plan = (action: RecoveryStep["action"], summary: string) =>
    steps.push(step({ capability: "recovery", action, summary, applicationIsDown: true }));
  if (roleIsMissing) plan("set-role", "Give the application's role its password");
  const users = containers.filter(usesData).map(({ service }) => service);
  if (users.length > 0) plan("stop", `Stop what uses the data: ${users.join(", ")}`);
  const which = at === null ? "the last backup" : `the last backup until ${formatInstant(new Date(at))}`;
  plan("restore", `Restore ${which} of ${target === null ? "the first target that has one" : `the target ${target}`}`);
  return steps;
}

function usesData({ project, service, state }: Container): boolean {
  return state === "running" && (project === "application" || USERS_OF_DATA.includes(service));
}

async function stopUsers(run: RunContext, { containers }: Deps): Promise<void> {
  const users = (await containers.observe(run.signal)).filter(usesData);
  if (users.some(({ project }) => project === "application")) await containers.stop("application", [], run);
  const ofCore = users.filter(({ project }) => project === "core").map(({ service }) => service);
  if (ofCore.length > 0) await containers.stop("core", ofCore, run);
}

/** What is remembered of the data before holds for the restored data no more: its hooks run, and its schema is brought up to date. */
async function restore(order: RecoveryRecord["order"], run: RunContext, deps: Deps): Promise<void> {
  const { target, at, pull } = order;
  const restored: Recovered = await deps.containers.recover({ target, at, replace: pull }, run, deps.progress);
  await forgetHooks(deps.files);
  await forgetMigrations(deps.files);
  await deps.recoveries.finish(run.runId, restored);
}

/** After a recovery, so that the recovered host is not without a backup of its own until the night. */
export function firstBackupCapability(order: (runId: string) => Promise<void>): Capability {
  return {
    name: "first-backup",
    title: "Ordering the first backup",
    isOptional: true,
    plan: async () => [step({ capability: "first-backup", summary: "Order the first backup of the recovered host" })],
    apply: (_step, _wanted, { runId }) => order(runId),
  };
}
