import { appendFileSync, globSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "@appliance/command";

export interface Postgres {
  /** As a power cut: connections are gone at once. */
  halt: () => Promise<void>;
  start: () => Promise<void>;
  /** Stops it for good and takes its folder away. */
  remove: () => Promise<void>;
}

/**
 * Starts the machine's own PostgreSQL in `folder`, for connections from `subnet` to `address` port 5432 by password, with
 * a role `app` that owns the database `ecs`.
 */
export async function startPostgres(folder: string, address: string, subnet: string, password: string) {
  const bin = globSync("/usr/lib/postgresql/*/bin").sort().at(-1);
  if (!bin) throw new Error("no PostgreSQL server is installed on this machine");
  const asServer = (program: string, ...args: string[]) => runAsServer(join(bin, program), args);
  mkdirSync(folder, { recursive: true });
  await runCommand("chown", ["postgres", folder], { timeoutMs: 5000 });

  await asServer("initdb", "--pgdata", folder, "--auth", "trust", "--no-sync");
  appendFileSync(join(folder, "pg_hba.conf"), `host all app ${subnet} scram-sha-256\n`);
  const options = `-c listen_addresses=${address} -c unix_socket_directories=${folder} -c fsync=off`;
  const log = join(folder, "server.log");
  const start = () => asServer("pg_ctl", "--pgdata", folder, "--wait", "--log", log, "--options", options, "start");
  const halt = () => asServer("pg_ctl", "--pgdata", folder, "--mode", "immediate", "stop");
  await start();
  const sql = `CREATE ROLE app LOGIN CREATEDB PASSWORD '${password.replaceAll("'", "''")}'`;
  await asServer("psql", "--host", folder, "--dbname", "postgres", "--command", sql);
  await asServer("createdb", "--host", folder, "--owner", "app", "ecs");

  const remove = async () => {
    await halt();
    rmSync(folder, { recursive: true });
  };
  return { halt, start, remove } satisfies Postgres;
}

/** PostgreSQL refuses to run as root. */
async function runAsServer(program: string, args: readonly string[]) {
  await runCommand("runuser", ["-u", "postgres", "--", program, ...args], { timeoutMs: 60_000 });
}
