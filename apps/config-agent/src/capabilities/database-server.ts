import { OperatorError, toFailure } from "@appliance/errors";
import { publishGeneration } from "@appliance/files";
import { IDENTITIES } from "@appliance/host";
import type { Container } from "@appliance/jobs";
import type { Capability, RunContext, Wanted } from "../capability.ts";
import type { Containers } from "../containers.ts";
import type { Database } from "../database/database.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";
import {
  planDatabaseServer,
  type DatabaseGeneration,
  type DatabaseServerObserved,
  type DatabaseServerStep,
} from "../database/plan-database-server.ts";
import { renderDatabaseSettings } from "../database/plan-database-tuning.ts";
import { databaseGeneration } from "../plan-slices.ts";

interface Deps {
  files: RootFiles;
  containers: Containers;
  database: Database;
  /** Writes the size of the container where update-agent reads it; used to go back to the old one. */
  writeContainerSize: (wanted: Wanted, container: Record<string, string>) => Promise<void>;
}

const SETTINGS_FILE = "appliance.conf";
/** What the database serves with. Written last: a run that dies before it finds the same changes again. */
const RECORD = `${PATHS.control}/database.json`;
const READY_WITHIN_MS = 120_000;

/** PostgreSQL itself: running, with the settings and the size that this machine asks for. */
export function databaseServerCapability(deps: Deps): Capability<DatabaseServerStep> {
  return {
    name: "database-server",
    title: "Starting the database",
    plan: async (wanted) => planDatabaseServer(databaseGeneration(wanted), await observe(wanted, deps)),
    apply: (planned, wanted, run) => apply(planned, wanted, run, deps),
  };
}

async function observe(wanted: Wanted, { files, containers }: Deps): Promise<DatabaseServerObserved> {
  const clusters: string[] = [];
  const majors = (await files.names(PATHS.clusters)).filter((name) => /^[\d.]+$/.test(name));
  for (const name of majors) if (await files.exists(`${PATHS.clusters}/${name}/main/PG_VERSION`)) clusters.push(name);
  const running = (await containers.observeFor(wanted)).some(isHealthyDatabase);
  return { clusters, running, current: await readRecord(files) };
}

function isHealthyDatabase({ project, service, state, health }: Container): boolean {
  return project === "core" && service === "database" && state === "running" && health !== "unhealthy";
}

async function apply(planned: DatabaseServerStep, wanted: Wanted, run: RunContext, deps: Deps): Promise<void> {
  const before = await readRecord(deps.files);
  const generation = databaseGeneration(wanted);
  await publishSettings(deps.files, generation);
  if (planned.restarts.length > 0) {
    run.note("stopping the application");
    await deps.containers.stop("application", [], run);
  }
  try {
    await bringIntoService(planned, run, deps);
  } catch (cause) {
    if (!before || run.signal.aborted) throw cause;
    run.note("going back to the settings before");
    await rollBack(planned, before, wanted, run, deps);
    throw refused(cause);
  }
  await deps.files.write(RECORD, `${JSON.stringify(generation)}\n`, { mode: 0o600 });
}

async function bringIntoService(planned: DatabaseServerStep, run: RunContext, deps: Deps): Promise<void> {
  return planned.action === "reload" ? deps.database.reload() : startWith(planned, run, deps);
}

/** A restart is asked for under another id than the way back, which is a second piece of work of the same run. */
async function startWith(
  { action }: Pick<DatabaseServerStep, "action">,
  run: RunContext,
  { containers, database }: Deps,
) {
  run.note("starting the database");
  const recreate = action === "start" ? "changed" : "always";
  await containers.up({ project: "core", services: ["database"], recreate }, run);
  await database.waitUntilReady(READY_WITHIN_MS, run.signal);
}

/** What was stopped for the sake of the new settings runs again with the old ones. */
async function rollBack(
  { action, restarts }: DatabaseServerStep,
  before: DatabaseGeneration,
  wanted: Wanted,
  run: RunContext,
  deps: Deps,
): Promise<void> {
  await publishSettings(deps.files, before);
  if (action === "reload") return;
  const back = { ...run, runId: `${run.runId.slice(0, 59)}-back` };
  await deps.writeContainerSize(wanted, before.container);
  await startWith({ action: "recreate" }, back, deps);
  if (restarts.length > 0) await deps.containers.up({ project: "application", services: [] }, back);
}

function refused(cause: unknown): OperatorError {
  return new OperatorError(
    "DATABASE_SETTINGS_REFUSED",
    `PostgreSQL did not start with its new settings: ${toFailure(cause).message}`,
    {
      remedy: "It runs with the settings before. Read `appliance logs database`, then run `appliance apply`.",
      cause,
    },
  );
}

async function readRecord(files: RootFiles): Promise<DatabaseGeneration | null> {
  const text = await files.read(RECORD);
  return text ? (JSON.parse(text.toString("utf8")) as DatabaseGeneration) : null;
}

async function publishSettings(files: RootFiles, { settings }: DatabaseGeneration): Promise<void> {
  const data = renderDatabaseSettings(settings);
  await publishGeneration(
    await files.locate(PATHS.databaseSettings),
    new Map([[SETTINGS_FILE, { data, mode: 0o640, uid: 0, gid: IDENTITIES.database.gid }]]),
  );
}
