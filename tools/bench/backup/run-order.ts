import type { Target } from "../../../libs/backup-engine/src/index.ts";

/** What `run-once.ts` is told. */
export interface RunOrder {
  action: "backup" | "restore";
  engine: "duplicity" | "restic";
  target: Target;
  keyFile: string;
  hostName: string;
  /** What is saved: `ecs-storage-vault` and `ecs-pgdump` below it. */
  root: string;
  /** Where the engine keeps its caches. Its path is short: sockets lie below it. */
  state: string;
  full: boolean;
  /** Where a restore goes. */
  into: string;
  /** ISO 8601: the clock of the run. Default: the host's. */
  night?: string;
}

/** Seconds by the clock, and of CPU of all processes of it. */
export interface Phase {
  name: "dump" | "index" | "engine" | "afterwards";
  wall: number;
  cpu: number;
}

export interface RunReport {
  phases: readonly Phase[];
  /** The most resident memory of one program of the engine, MB of 2^20 bytes. */
  engineMb: number;
  /** Of Node: the most anonymous memory. What it shares with every Node of the host does not count. */
  nodeMb: number;
}
