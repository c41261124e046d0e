import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chownSync, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findPostgresPrograms } from "@appliance/backup-content";
import { Client } from "pg";

const IMAGE = join(import.meta.dirname, "../../../../../compose/images/database");
const NOBODY = 65_534;

/** PostgreSQL with the access rules of the appliance's image: root is its superuser, and the application's role. */
export interface TestServer {
  socketFolder: string;
  query<T extends object>(database: string, ...sql: string[]): Promise<T[]>;
  databases(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startTestServer(folder: string): Promise<TestServer> {
  const programs = await findPostgresPrograms();
  const [cluster, socketFolder] = [join(folder, "cluster"), join(folder, "socket")];
  for (const path of [cluster, socketFolder]) {
    mkdirSync(path, { recursive: true });
    chownSync(path, NOBODY, NOBODY);
  }
  const as = ["--reuid", `${NOBODY}`, "--regid", `${NOBODY}`, "--clear-groups", "--"];
  const made = [
    "--pgdata",
    cluster,
    "--username=postgres",
    "--auth=peer",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
  ];
  execFileSync("setpriv", [...as, `${programs}/initdb`, ...made], { stdio: "ignore", cwd: "/" });
  for (const file of ["pg_hba.conf", "pg_ident.conf"]) copyFileSync(join(IMAGE, file), join(cluster, file));
  const settings = ["-c", "listen_addresses=", "-c", `unix_socket_directories=${socketFolder}`, "-c", "fsync=off"];
  const server = spawn("setpriv", [...as, `${programs}/postgres`, "-D", cluster, ...settings], {
    stdio: "ignore",
    cwd: "/",
  });
  const query = <T extends object>(database: string, ...sql: string[]) => ask<T>(socketFolder, database, sql);
  await untilUp(() => query("postgres", "SELECT 1"));
  await query("postgres", "CREATE ROLE app LOGIN", "CREATE ROLE backup LOGIN");
  return {
    socketFolder,
    query,
    databases: async () =>
      (await query<{ datname: string }>("postgres", "SELECT datname FROM pg_database ORDER BY 1")).map(
        (row) => row.datname,
      ),
    stop: () => end(server),
  };
}

async function ask<T extends object>(host: string, database: string, sql: string[]): Promise<T[]> {
  const client = new Client({ host, database, user: "postgres" });
  await client.connect();
  try {
    let rows: T[] = [];
    for (const text of sql) rows = (await client.query<T>(text)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

async function untilUp(attempt: () => Promise<unknown>) {
  for (let tries = 0; ; tries++) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(100);
    }
  }
}

async function end(server: ChildProcess) {
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGQUIT");
  await gone;
}
