import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { Client } from "pg";
import { withScratchPostgres } from "../src/proof/scratch-postgres.ts";
import { withWorkplace } from "../src/proof/workplace.ts";
import type { DatabaseAddress } from "../src/index.ts";

/** A folder that the account of PostgreSQL can reach, with a short path, because sockets are below it. */
export interface TestFolder {
  path: string;
  make(name: string): string;
  remove(): void;
}

export function newTestFolder(): TestFolder {
  const path = mkdtempSync("/tmp/bc-");
  chmodSync(path, 0o755);
  const make = (name: string) => {
    mkdirSync(join(path, name), { recursive: true });
    return join(path, name);
  };
  return { path, make, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The PostgreSQL of an appliance, with the database `ecs`. */
export interface SourceDatabase {
  address: DatabaseAddress;
  query(...sql: string[]): Promise<void>;
  stop(): Promise<void>;
}

/** A server of the test's own. Its superuser's name is that of the real one. */
export async function startSource(folder: TestFolder): Promise<SourceDatabase> {
  const ready = Promise.withResolvers<(database: string) => DatabaseAddress>();
  const stop = Promise.withResolvers<void>();
  const deps = { run: runCommand, scratch: folder.make("source-s"), temporary: folder.make("source-t") };
  const over = withWorkplace(deps, (place) =>
    withScratchPostgres(place, { run: runCommand }, ({ address }) => {
      ready.resolve(address);
      return stop.promise;
    }),
  );
  over.catch(ready.reject);
  const address = await ready.promise;
  await queryOf(address("postgres"), "CREATE DATABASE ecs TEMPLATE template0 LOCALE 'C.UTF-8'");
  return {
    address: address("ecs"),
    query: (...sql) => queryOf(address("ecs"), ...sql),
    stop: () => {
      stop.resolve();
      return over;
    },
  };
}

export async function queryOf({ socketFolder, database, role }: DatabaseAddress, ...sql: string[]) {
  const client = new Client({ host: socketFolder, database, user: role });
  await client.connect();
  try {
    for (const text of sql) await client.query(text);
  } finally {
    await client.end();
  }
}

/** Tables as an application has them: names to be quoted, a folder of names, rows of some size. */
export const APPLICATION = [
  "CREATE TABLE submission (id serial PRIMARY KEY, ec_number text, title text)",
  "INSERT INTO submission (ec_number, title) SELECT n::text, md5(n::text) || md5(n::text || 'x') FROM generate_series(1, 20000) n",
  `CREATE SCHEMA "Odd ""Schema"`,
  `CREATE TABLE "Odd ""Schema"."Tab'le
of names" (a int)`,
  `INSERT INTO "Odd ""Schema"."Tab'le
of names" VALUES (1), (2), (3)`,
  "CREATE TABLE empty_one (a int, a_column_that_makes_the_statement_of_its_data_a_long_one_indeed int)",
  "CREATE TABLE parted (a int) PARTITION BY RANGE (a)",
  "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
  "INSERT INTO parted VALUES (5)",
];
