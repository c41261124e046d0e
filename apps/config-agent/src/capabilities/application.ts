import type { Capability, RunContext, Wanted } from "../capability.ts";
import type { Containers } from "../containers.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";
import {
  applicationDigest,
  planApplication,
  type ApplicationObserved,
  type ApplicationRecord,
  type ApplicationStep,
  type ApplicationWanted,
} from "../plan-application.ts";
import { planSlices } from "../plan-slices.ts";
import { readDatabaseUrl } from "./database-url.ts";

interface Deps {
  files: RootFiles;
  containers: Containers;
  /** The appliance's own version, of which the built-in application is a part. */
  version: string;
}

/** The manual's name: removing it by hand makes the next start migrate again (manual, 4.12). */
const MIGRATED_TAG = "/data/etc/tags/last_running_ecs";
const RECORD = `${PATHS.control}/application.json`;

/** The application group: its database migrated, its containers running with the active configuration. */
export function applicationCapability(deps: Deps): Capability<ApplicationStep> {
  return {
    name: "application",
    title: "Starting the application",
    async plan(wanted) {
      const application = await wantedApplication(wanted, deps);
      return application ? planApplication(application, await observe(wanted, deps)) : [];
    },
    apply: (planned, wanted, run) => (planned.action === "migrate" ? migrate(run, deps) : start(wanted, run, deps)),
  };
}

async function wantedApplication(wanted: Wanted, { files, version }: Deps): Promise<ApplicationWanted | null> {
  const slice = planSlices(wanted, await readDatabaseUrl(files))["update-agent"].application;
  return slice && { version, slice };
}

async function observe(wanted: Wanted, { files, containers }: Deps): Promise<ApplicationObserved> {
  const record = await files.read(RECORD);
  const tag = await files.read(MIGRATED_TAG);
  return {
    containers: await containers.observeFor(wanted),
    record: record ? (JSON.parse(record.toString("utf8")) as ApplicationRecord) : null,
    migratedVersion: tag?.toString("utf8").trim() ?? null,
  };
}

async function migrate(run: RunContext, { files, containers, version }: Deps): Promise<void> {
  run.note("migrating the database of the application");
  await containers.operate("migrate", run);
  run.note("preparing the application's own data");
  await containers.operate("bootstrap", run);
  await files.write(MIGRATED_TAG, `${version}\n`, { mode: 0o644 });
}

/** The record is written last: a run that dies before it starts the containers again, which then changes nothing. */
async function start(wanted: Wanted, run: RunContext, deps: Deps): Promise<void> {
  run.note("starting the application's containers");
  await deps.containers.up({ project: "application", services: [] }, run);
  const application = await wantedApplication(wanted, deps);
  if (!application) return;
  const record: ApplicationRecord = { digest: applicationDigest(application) };
  await deps.files.write(RECORD, `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** A new database has no schema yet: the next apply migrates it. */
export async function forgetMigrations(files: RootFiles): Promise<void> {
  await files.remove(MIGRATED_TAG);
}
