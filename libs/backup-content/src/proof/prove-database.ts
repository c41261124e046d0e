import { join } from "node:path";
import type { RunCommand } from "@appliance/command";
import { withClient, type DatabaseAddress } from "../dump/connection.ts";
import { countRows } from "../dump/snapshot.ts";
import { failure } from "../failures.ts";
import type { Manifest, TableRows } from "../manifest/manifest.ts";
import type { Clock } from "./clock.ts";
import { loadDump, unpackDump, type Locale } from "./load-dump.ts";
import { withScratchPostgres } from "./scratch-postgres.ts";
import type { Workplace } from "./workplace.ts";

export interface DatabaseProof {
  /** The version of the server that it was loaded into. */
  server: string;
  tables: number;
  rows: number;
}

const PLAIN_DUMP = "plain.pgdump";

export interface DatabaseTools {
  run: RunCommand;
  programs?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** A query that gives one row with one column, and what it must be. It is the caller's, never the backup's. */
export interface Digest {
  sql: string;
  expected: string;
}

/**
 * Loads `dump` into a scratch PostgreSQL and compares the rows of every table with the manifest.
 * @throws OperatorError `PROOF_DUMP_DAMAGED`, `PROOF_DUMP_REFUSED`, `PROOF_ROWS_DIFFER`, and as `withScratchPostgres`.
 */
export async function proveDatabase(
  dump: string,
  manifest: Manifest,
  place: Workplace,
  clock: Clock,
  tools: DatabaseTools,
): Promise<DatabaseProof> {
  const plain = join(place.disk, PLAIN_DUMP);
  await clock.measure("unpack", () => unpackDump(dump, plain, manifest.dump.sha256));
  return withLoaded(plain, manifest.database, place, clock, tools, (database) =>
    clock.measure("check", () => checkRows(database, manifest.database.tables)),
  );
}

/** Loads the unpacked dump at `path` and asks each of `digests`. For a backup of an older system, which has no manifest. */
export async function proveDigests(
  dump: string,
  digests: readonly Digest[],
  locale: Locale,
  place: Workplace,
  clock: Clock,
  tools: DatabaseTools,
): Promise<DatabaseProof> {
  const plain = join(place.disk, PLAIN_DUMP);
  await clock.measure("unpack", () => unpackDump(dump, plain));
  return withLoaded(plain, locale, place, clock, tools, (database) =>
    clock.measure("check", async () => {
      const proof = await checkRows(database, []);
      for (const digest of digests) await compareDigest(database, digest);
      return proof;
    }),
  );
}

async function withLoaded<T>(
  path: string,
  locale: Locale,
  place: Workplace,
  clock: Clock,
  tools: DatabaseTools,
  work: (database: DatabaseAddress) => Promise<T>,
): Promise<T> {
  return withScratchPostgres(place, tools, async (postgres) => {
    return work(await clock.measure("load", () => loadDump(path, locale, postgres, place, tools)));
  });
}

/**
 * Counts the rows of every table of a loaded database and compares them with those `expected`.
 * @throws OperatorError `PROOF_ROWS_DIFFER`
 */
export async function checkRows(database: DatabaseAddress, expected: readonly TableRows[]): Promise<DatabaseProof> {
  const { tables, server } = await look(database);
  const difference = differences(expected, tables);
  if (difference.length > 0) throw failure("PROOF_ROWS_DIFFER", difference.slice(0, 5).join("; "));
  return { server, tables: tables.length, rows: tables.reduce((sum, { rows }) => sum + rows, 0) };
}

function look(database: DatabaseAddress) {
  return withClient(database, async (client) => {
    const { rows } = await client.query<{ server: string }>("SELECT current_setting('server_version') AS server");
    return { server: rows[0]!.server, tables: await countRows(client) };
  });
}

function differences(expected: readonly TableRows[], loaded: readonly TableRows[]): string[] {
  const nameOf = ({ schema, name }: TableRows) => `${schema}.${name}`;
  const counted = new Map(loaded.map((table) => [nameOf(table), table.rows]));
  const wrong = expected.filter((table) => counted.get(nameOf(table)) !== table.rows);
  return wrong.map(
    (table) => `${nameOf(table)} has ${counted.get(nameOf(table)) ?? "no"} rows instead of ${table.rows}`,
  );
}

async function compareDigest(database: DatabaseAddress, { sql, expected }: Digest) {
  const { rows } = await withClient(database, (client) => client.query<unknown[]>({ text: sql, rowMode: "array" }));
  const found = rows[0]?.map(String).join("|") ?? "nothing";
  if (found !== expected) throw failure("PROOF_ROWS_DIFFER", `${sql} gives ${found} instead of ${expected}`);
}
