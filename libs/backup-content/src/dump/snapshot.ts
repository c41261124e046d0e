import type { Client } from "pg";
import type { DatabaseRecord, TableRows } from "../manifest/manifest.ts";

export interface Snapshot {
  /** What pg_dump takes; valid while the transaction of the client is open. */
  id: string;
  at: Date;
  facts: Omit<DatabaseRecord, "tables">;
}

/** Opens a transaction whose view of the database others can share. It ends with the connection. */
export async function exportSnapshot(client: Client): Promise<Snapshot> {
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  // A role that does not see all rows must be told so, not given fewer.
  await client.query("SET LOCAL row_security = off");
  const { rows } = await client.query<Omit<Snapshot["facts"], "bytes"> & { id: string; at: Date; bytes: string }>(
    `SELECT pg_export_snapshot() AS id, now() AS at, datname AS name, current_setting('server_version') AS server,
            datcollate AS "collate", datctype AS ctype, pg_database_size(oid)::text AS bytes
     FROM pg_database WHERE datname = current_database()`,
  );
  const { id, at, bytes, ...facts } = rows[0]!;
  return { id, at, facts: { ...facts, bytes: Number(bytes) } };
}

/** Every table whose rows are in a dump: not those of the server itself, of a session, or of an extension. */
const DUMPED_TABLES = `
  SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname`;

/** The rows of every table, one after the other, as the client's transaction sees them. */
export async function countRows(client: Client, signal?: AbortSignal): Promise<TableRows[]> {
  const { rows: tables } = await client.query<{ schema: string; name: string; quoted: string }>(DUMPED_TABLES);
  const counted: TableRows[] = [];
  for (const { schema, name, quoted } of tables) {
    signal?.throwIfAborted();
    const { rows } = await client.query<{ rows: string }>(`SELECT count(*)::text AS rows FROM ONLY ${quoted}`);
    counted.push({ schema, name, rows: Number(rows[0]!.rows) });
  }
  return counted;
}
