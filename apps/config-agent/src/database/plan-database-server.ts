import { OperatorError } from "@appliance/errors";
import type { Change, Step } from "@appliance/jobs";
import { step } from "../capability.ts";
import { needsRestart } from "./plan-database-tuning.ts";

/** The major version in the image; a data folder of another one is never touched. */
export const POSTGRES_MAJOR = "17";

export interface DatabaseGeneration {
  settings: Record<string, string>;
  container: Record<string, string>;
}

export interface DatabaseServerObserved {
  /** Major versions that have a cluster below /data/postgresql. */
  clusters: string[];
  /** What the database was last started or reloaded with; null before the first start. */
  current: DatabaseGeneration | null;
  running: boolean;
}

/** How a changed generation is brought into service, the gentlest that works. */
export type DatabaseServerAction = "start" | "reload" | "restart" | "recreate";

export interface DatabaseServerStep extends Step {
  action: DatabaseServerAction;
}

const CAPABILITY = "database-server";

/**
 * Decides how PostgreSQL comes to its wanted settings, if anything changed.
 * @throws OperatorError `DATABASE_VERSION` where the data belongs to another major version.
 */
export function planDatabaseServer(wanted: DatabaseGeneration, observed: DatabaseServerObserved): DatabaseServerStep[] {
  refuseOtherMajor(observed.clusters);
  const changes = [
    ...compare(observed.current?.settings ?? {}, wanted.settings),
    ...compare(observed.current?.container ?? {}, wanted.container),
  ];
  if (!observed.running) return [databaseStep("start", "Start the database", changes)];
  if (changes.length === 0) return [];
  const action = gentlest(wanted, observed.current);
  return [databaseStep(action, SUMMARY[action], changes)];
}

const SUMMARY: Record<DatabaseServerAction, string> = {
  start: "Start the database",
  reload: "Reload the settings of the database",
  restart: "Restart the database with new settings",
  recreate: "Replace the container of the database with one of the new size",
};

function databaseStep(action: DatabaseServerAction, summary: string, changes: Change[]): DatabaseServerStep {
  const interrupts = action === "restart" || action === "recreate";
  return step({
    capability: CAPABILITY,
    summary,
    action,
    changes,
    restarts: interrupts ? ["database", "application"] : [],
    downtime: interrupts ? "about a minute: the application stops before the database and starts after it" : null,
  });
}

function gentlest(wanted: DatabaseGeneration, current: DatabaseGeneration | null): DatabaseServerAction {
  if (compare(current?.container ?? {}, wanted.container).length > 0) return "recreate";
  return compare(current?.settings ?? {}, wanted.settings).some(({ what }) => needsRestart(what))
    ? "restart"
    : "reload";
}

function compare(before: Record<string, string>, after: Record<string, string>): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((what) => ({
      what,
      ...(before[what] === undefined ? {} : { from: before[what] }),
      ...(after[what] === undefined ? {} : { to: after[what] }),
    }));
}

function refuseOtherMajor(clusters: string[]): void {
  const other = clusters.find((major) => major !== POSTGRES_MAJOR);
  if (!other || clusters.includes(POSTGRES_MAJOR)) return;
  throw new OperatorError(
    "DATABASE_VERSION",
    `/data/postgresql holds a cluster of PostgreSQL ${other}, this appliance runs ${POSTGRES_MAJOR}.`,
    {
      remedy: `Dump the database with PostgreSQL ${other} (pg_dump -Fc), move /data/postgresql/${other} aside, run \`appliance database create\` and load the dump with pg_restore.`,
    },
  );
}
