import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, type RunCommand } from "@appliance/command";
import { isSystemError } from "@appliance/errors";
import { withClient, type DatabaseAddress } from "../dump/connection.ts";
import { failure } from "../failures.ts";
import { findPostgresPrograms } from "../postgres-programs.ts";
import type { Workplace } from "./workplace.ts";

/** PostgreSQL as a child process on a Unix socket in a private folder. */
export interface ScratchPostgres {
  /** The folder of the programs that it was made with. */
  programs: string;
  /** A database of the server; `role` defaults to its superuser. */
  address: (database: string, role?: string) => DatabaseAddress;
}

export interface ScratchOptions {
  run: RunCommand;
  programs?: string | undefined;
  signal?: AbortSignal | undefined;
}

const SUPERUSER = "postgres";
const INITDB_MS = 120_000;
const START_MS = 60_000;
const TRY_EVERY_MS = 50;
const LONGEST_MS = 24 * 3_600_000;

/** Nothing of it outlives the proof, so nothing needs to reach the disk in order. */
const SETTINGS = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  autovacuum: "off",
  max_connections: String(20 + cpus().length),
  shared_buffers: "128MB",
  maintenance_work_mem: "128MB",
  max_wal_size: "4GB",
  shared_preload_libraries: "",
  dynamic_library_path: "$libdir",
};

/**
 * Makes an empty cluster in `place`, gives it to `work`, and ends the server afterwards. Nobody but the account and root
 * reaches its socket; it has no TCP.
 * @throws OperatorError `PROOF_DATABASE_FAILED`
 */
export async function withScratchPostgres<T>(
  place: Workplace,
  { run, programs: given, signal }: ScratchOptions,
  work: (postgres: ScratchPostgres) => Promise<T>,
): Promise<T> {
  const programs = given ?? (await findPostgresPrograms());
  const cluster = join(place.disk, "cluster");
  const initdb = ["--pgdata", cluster, "--username", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"];
  const options = signal ? { signal } : {};
  await asScratchFailure(
    run(...place.as(join(programs, "initdb"), [...initdb, "--no-sync", "--no-instructions"]), {
      timeoutMs: INITDB_MS,
      ...options,
    }),
  );
  const settings = { ...SETTINGS, unix_socket_directories: place.disk };
  const args = ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  const stop = new AbortController();
  const server = asScratchFailure(
    // It ends by our word alone, which comes as an abort.
    run(...place.as(join(programs, "postgres"), args), {
      timeoutMs: LONGEST_MS,
      signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
    }),
  ).then(() => undefined);
  const ended = server.catch((error: unknown) => error);
  try {
    const address = (database: string, role = SUPERUSER) => ({ socketFolder: place.disk, database, role });
    await Promise.race([untilReady(address("postgres"), signal), server]);
    return await work({ programs, address });
  } finally {
    stop.abort();
    await ended;
  }
}

async function untilReady(address: DatabaseAddress, signal: AbortSignal | undefined) {
  const deadline = performance.now() + START_MS;
  for (;;) {
    try {
      await withClient(address, (client) => client.query("SELECT 1"));
      return;
    } catch (error) {
      if (!isSystemError(error, "DATABASE_UNREACHABLE") || performance.now() > deadline) throw error;
    }
    await sleep(TRY_EVERY_MS, undefined, signal ? { signal } : {});
  }
}

async function asScratchFailure<T>(started: Promise<T>): Promise<T> {
  try {
    return await started;
  } catch (error) {
    if (error instanceof CommandError && error.code === "COMMAND_FAILED")
      throw failure("PROOF_DATABASE_FAILED", error.message, error);
    throw error;
  }
}
