/** What the machine has, as the tuning reads it. */
export interface Machine {
  memoryMb: number;
  cores: number;
}

/** Every setting that depends on the machine, decided together: a limit below what PostgreSQL may use would kill it. */
export interface DatabaseTuning {
  maxConnections: number;
  sharedBuffersMb: number;
  workMemKb: number;
  effectiveCacheSizeMb: number;
  /** Limit of the container. */
  memoryMb: number;
  /** Size of /dev/shm, where parallel queries and shared buffers live. */
  shmMb: number;
}

/** What the host and the application keep for themselves; the manual's 2 GB and 1 GB a core, less PostgreSQL's part. */
const RESERVED_MB = 2560;
const RESERVED_PER_CORE_MB = 256;
const LEAST_MB = 512;
/** Beside what PostgreSQL plans with: connections, a dump, autovacuum. */
const HEADROOM_MB = 256;
/** The kernel's figure varies by some pages from boot to boot; a coarser one keeps the settings, and the database, still. */
const MEMORY_STEP_MB = 64;

/** The old system's formulas. Pure; sizes in binary units. */
export function planDatabaseTuning(machine: Machine): DatabaseTuning {
  const memoryMb = Math.floor(machine.memoryMb / MEMORY_STEP_MB) * MEMORY_STEP_MB;
  const pgMb = Math.max(LEAST_MB, memoryMb - RESERVED_MB - RESERVED_PER_CORE_MB * machine.cores);
  const sharedBuffersMb = Math.floor(pgMb / 4);
  const workMemKb = Math.floor(((pgMb - sharedBuffersMb) * 1024) / 96 / machine.cores);
  return {
    maxConnections: 36 + 8 * machine.cores,
    sharedBuffersMb,
    workMemKb: Math.min(65536, Math.max(4096, workMemKb)),
    effectiveCacheSizeMb: Math.max(2048, Math.floor((3 * pgMb) / 4)),
    memoryMb: pgMb + HEADROOM_MB,
    shmMb: sharedBuffersMb + HEADROOM_MB,
  };
}

/** PostgreSQL settings by name, in the notation of its configuration file. */
export type DatabaseSettings = Record<string, string>;

export function databaseSettings(tuning: DatabaseTuning, timeZone: string): DatabaseSettings {
  return {
    max_connections: String(tuning.maxConnections),
    shared_buffers: `${tuning.sharedBuffersMb}MB`,
    work_mem: `${tuning.workMemKb}kB`,
    effective_cache_size: `${tuning.effectiveCacheSizeMb}MB`,
    shared_preload_libraries: "pg_stat_statements",
    timezone: timeZone,
    log_timezone: timeZone,
  };
}

/** Those that PostgreSQL reads at its start only (pg_settings.context = 'postmaster'). */
const NEEDS_RESTART = new Set(["max_connections", "shared_buffers", "shared_preload_libraries"]);

export function needsRestart(setting: string): boolean {
  return NEEDS_RESTART.has(setting);
}

/** The text of the include file. Values are quoted as postgresql.conf has it: a quote is doubled. */
export function renderDatabaseSettings(settings: DatabaseSettings): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  return ["# Written by config-agent from the size of the machine; changes here are lost.", ...lines, ""].join("\n");
}
