import { dirname, isAbsolute, join } from "node:path";
import * as z from "zod";
import type { LocalPlaces } from "./targets/local-folder.ts";

const absolutePath = z.string().refine(isAbsolute, "is no absolute path");

/** What this agent is told beside what all agents are. */
export const Variables = z.object({
  /** The tag of the appliance's images; it stands in manifests and reports. */
  APPLIANCE_VERSION: z.string().min(1).default("dev"),
  /** What is saved, without the database's own files. */
  DATA_DIR: absolutePath.default("/data"),
  /** What this agent must keep: the state of each target and the reports of drills. In the backup itself. */
  STATE_DIR: absolutePath.default("/data/etc/backup"),
  /** What may be lost: caches of each target, volumes in the making, what a drill restores. */
  VOLATILE_DIR: absolutePath.default("/volatile/backup"),
  /** In memory, for keys and passwords while a target is in use. Its path is short: sockets lie below it. */
  SCRATCH_DIR: absolutePath.default("/tmp/backup"),
  /** PostgreSQL's socket. */
  DATABASE_SOCKET_DIR: absolutePath.default("/run/postgresql"),
  /** Where disks of this host are mounted that may be targets, separated by colons. */
  LOCAL_TARGETS: z
    .string()
    .default("/mnt:/media:/srv")
    .transform((text) => text.split(":"))
    .pipe(z.array(absolutePath)),
  LEASE_DIR: absolutePath.default("/var/lib/appliance/lease"),
  RUNS_DIR: absolutePath.default("/var/lib/appliance/runs"),
});

export interface Config {
  version: string;
  dataDir: string;
  stateDir: string;
  reportsDir: string;
  volatileDir: string;
  scratchDir: string;
  databaseSocketDir: string;
  localTargets: LocalPlaces;
  leaseDir: string;
  runsDir: string;
}

/** Variables that were checked, as the rest of the agent wants them. */
export function toConfig(variables: z.output<typeof Variables>): Config {
  return {
    version: variables.APPLIANCE_VERSION,
    dataDir: variables.DATA_DIR,
    stateDir: variables.STATE_DIR,
    reportsDir: join(variables.STATE_DIR, "reports"),
    volatileDir: variables.VOLATILE_DIR,
    scratchDir: variables.SCRATCH_DIR,
    databaseSocketDir: variables.DATABASE_SOCKET_DIR,
    localTargets: { mounted: variables.LOCAL_TARGETS, made: dirname(variables.VOLATILE_DIR) },
    leaseDir: variables.LEASE_DIR,
    runsDir: variables.RUNS_DIR,
  };
}
