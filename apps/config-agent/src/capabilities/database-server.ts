import { OperatorError, toFailure } from "@appliance/errors";
import { publishGeneration } from "@appliance/files";
import { IDENTITIES } from "@appliance/host";
import type { Container } from "@appliance/jobs";
import type { Capability, RunContext, Wanted } from "../capability.ts";
import type { Containers } from "../containers.ts";
import type { Database } from "../database.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";
import {
  planDatabaseServer,
  type DatabaseGeneration,
  type DatabaseServerObserved,
  type DatabaseServerStep,
} from "../plan-database-server.ts";
import { parseDatabaseSettings, renderDatabaseSettings } from "../plan-database-tuning.ts";
import { databaseGeneration } from "../plan-slices.ts";

interface Deps {
  files: RootFiles;
  containers: Containers;
  database: Database;
  /** Writes the size of the container where update-agent reads it; used to go back to the old one. */
  writeContainerSize: (wanted: Wanted, container: Record<string, string>) => Promise<void>;
}

const SETTINGS_FILE = "appliance.conf";
const CONTAINER_FILE = "container.json";
const READY_WITHIN_MS = 120_000;

/** PostgreSQL itself: running, with the settings and the size that this machine asks for. */
export function databaseServerCapability(deps: Deps): Capability<DatabaseServerStep> {
  return {
    name: "database-server",
    title: "Starting the database",
    plan: async (wanted) => planDatabaseServer(databaseGeneration(wanted), await observe(deps)),
    apply: (planned, wanted, run) => apply(planned, wanted, run, deps),
  };
}

async function observe({ files, containers }: Deps): Promise<DatabaseServerObserved> {
  const clusters: string[] = [];
  const majors = (await files.names(PATHS.clusters)).filter((name) => /^[\d.]+$/.test(name));
  for (const name of majors) if (await files.exists(`${PATHS.clusters}/${name}/main/PG_VERSION`)) clusters.push(name);
  const running = (await containers.observe()).some(isHealthyDatabase);
  return { clusters, running, current: await readGeneration(files) };
}

function isHealthyDatabase({ project, service, state, health }: Container): boolean {
  return project === "core" && service === "database" && state === "running" && health !== "unhealthy";
}

async function apply(planned: DatabaseServerStep, wanted: Wanted, run: RunContext, deps: Deps): Promise<void> {
  const before = await readGeneration(deps.files);
  await writeGeneration(deps.files, databaseGeneration(wanted));
  if (planned.action === "reload") return deps.database.reload();
  if (planned.action !== "start") {
    run.note("stopping the application");
    await deps.containers.stop("application", [], run);
  }
  try {
    await startWith(planned, run, deps);
  } catch (cause) {
    if (!before || run.signal.aborted) throw cause;
    run.note("going back to the settings before");
    await rollBack(before, wanted, run, deps);
    throw refused(cause);
  }
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

async function rollBack(before: DatabaseGeneration, wanted: Wanted, run: RunContext, deps: Deps): Promise<void> {
  await writeGeneration(deps.files, before);
  await deps.writeContainerSize(wanted, before.container);
  await startWith({ action: "recreate" }, { ...run, runId: `${run.runId}-back` }, deps);
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

async function readGeneration(files: RootFiles): Promise<DatabaseGeneration | null> {
  const current = `${PATHS.databaseSettings}/current`;
  const settings = await files.read(`${current}/${SETTINGS_FILE}`);
  const container = await files.read(`${current}/${CONTAINER_FILE}`);
  if (!settings || !container) return null;
  return {
    settings: parseDatabaseSettings(settings.toString("utf8")),
    container: JSON.parse(container.toString("utf8")) as Record<string, string>,
  };
}

async function writeGeneration(files: RootFiles, { settings, container }: DatabaseGeneration): Promise<void> {
  const readable = { uid: 0, gid: IDENTITIES.database.gid };
  await publishGeneration(
    await files.locate(PATHS.databaseSettings),
    new Map([
      [SETTINGS_FILE, { data: renderDatabaseSettings(settings), mode: 0o640, ...readable }],
      [CONTAINER_FILE, { data: `${JSON.stringify(container)}\n`, mode: 0o600, uid: 0, gid: 0 }],
    ]),
  );
}
