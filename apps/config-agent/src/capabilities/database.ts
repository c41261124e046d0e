import { OperatorError } from "@appliance/errors";
import type { Step } from "@appliance/jobs";
import { step, type Capability } from "../capability.ts";
import { DATABASE, ROLE, type Database, type DatabaseFacts } from "../database/database.ts";
import { BACKUP_ROLE } from "../database/backup-role.ts";
import type { RootFiles } from "../root-files.ts";
import { scramMatches, scramVerifier } from "../database/scram.ts";
import { readDatabasePassword } from "./database-url.ts";

interface DatabaseStep extends Step {
  action: "set-role" | "enable-statistics" | "set-backup-role";
}

/** The application's role with its password, backup-agent's role, and pg_stat_statements, in a database that already exists. */
export function databaseCapability(files: RootFiles, database: Database): Capability<DatabaseStep> {
  return {
    name: "database",
    title: "Checking the database",
    async plan() {
      const facts = await database.observe();
      if (!facts.exists) throw absent();
      return planDatabase(facts, await readDatabasePassword(files));
    },
    apply: ({ action }) => applyDatabase(action, files, database),
  };
}

/** Pure. A missing password is the business of the capability before this one. */
export function planDatabase(facts: DatabaseFacts, password: string | null): DatabaseStep[] {
  const steps: DatabaseStep[] = [];
  if (password !== null && !scramMatches(facts.verifier, password))
    steps.push(step({ capability: "database", summary: `Give the role ${ROLE} its password`, action: "set-role" }));
  if (facts.exists && !facts.statistics)
    steps.push(step({ capability: "database", summary: "Enable pg_stat_statements", action: "enable-statistics" }));
  if (!facts.backupRole)
    steps.push(
      step({
        capability: "database",
        summary: `Let the role ${BACKUP_ROLE} read the database and change nothing`,
        action: "set-backup-role",
      }),
    );
  return steps;
}

async function applyDatabase(action: DatabaseStep["action"], files: RootFiles, database: Database): Promise<void> {
  if (action === "enable-statistics") return database.enableStatistics();
  if (action === "set-backup-role") return database.setBackupRole();
  const password = await readDatabasePassword(files);
  if (password === null) throw new Error("planned without a password");
  return database.setRole(scramVerifier(password));
}

/** Makes the role and the database where they are absent. True when the database is new. */
export async function createDatabase(files: RootFiles, database: Database, locale: string): Promise<boolean> {
  const { exists } = await ensureRole(files, database);
  if (!exists) await database.create(locale);
  return !exists;
}

/** The role with its password, for a database that is there or is to be made or restored. */
export async function ensureRole(files: RootFiles, database: Database): Promise<DatabaseFacts> {
  const facts = await database.observe();
  for (const { action } of planDatabase(facts, await readDatabasePassword(files)))
    await applyDatabase(action, files, database);
  return facts;
}

/** Whether `ensureRole` has something to do for the role. */
export async function isRoleMissing(files: RootFiles, database: Database): Promise<boolean> {
  const planned = planDatabase(await database.observe(), await readDatabasePassword(files));
  return planned.some(({ action }) => action === "set-role");
}

function absent(): OperatorError {
  return new OperatorError("DATABASE_ABSENT", `PostgreSQL runs and has no database ${DATABASE}.`, {
    remedy:
      "On a new appliance run `appliance database create`. On a host that is to be recovered, run `appliance recover` instead.",
  });
}
