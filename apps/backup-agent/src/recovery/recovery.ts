import type { RunCommand } from "@appliance/command";
import type { Log } from "@appliance/jobs";
import type { BackupAgentSlice } from "../slice.ts";
import type { Targets } from "../targets/targets.ts";
import type { DatabaseServer } from "./database-server.ts";
import type { Journal } from "./journal.ts";
import type { Places } from "./places.ts";
import type { Report } from "./progress.ts";

export interface RecoveryDeps {
  targets: Targets;
  /** env.yml's part as it is now. @throws OperatorError `SLICE_MISSING` */
  slice: () => Promise<BackupAgentSlice>;
  run: RunCommand;
  now: () => Date;
  /** `/data`. */
  dataDir: string;
  /** For what may be lost, such as lists of files while they are compared. */
  volatileDir: string;
  server: DatabaseServer;
  /** The folder of PostgreSQL's programs; default: the newest of Debian's. */
  programs?: string;
  report: Report;
  log: Log;
}

/** A recovery that has begun. */
export interface Recovery {
  journal: Journal;
  places: Places;
  deps: RecoveryDeps;
  signal: AbortSignal;
}
