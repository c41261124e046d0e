import { withClient, type DatabaseAddress } from "@appliance/backup-content";
import type { Client } from "pg";

/** What a recovery has to know of PostgreSQL before it begins. */
export interface ServerFacts {
  /** Major version, such as 17. */
  major: number;
  /** The application's role, which owns and loads the restored database: it must not be able to do more than that. */
  role: "fit" | "missing" | "superuser";
  localeIsThere: boolean;
}

/** PostgreSQL as its superuser, over the socket (peer). */
export interface DatabaseServer {
  /** @throws OperatorError `DATABASE_UNREACHABLE` */
  look(locale: string): Promise<ServerFacts>;
  /** How many tables the database has; null where there is no such database. */
  tables(database: string): Promise<number | null>;
  /** PostgreSQL's number of it; null where there is none of that name. */
  oid(database: string): Promise<number | null>;
  /** The name of the database that has this number. */
  nameOf(oid: number): Promise<string | null>;
  bytes(database: string): Promise<number>;
  /** Removes every database whose name is one of `names`, whoever is connected. */
  drop(names: RegExp): Promise<void>;
  /** Gives a database another name; whoever is connected to it is disconnected. */
  rename(from: string, to: string): Promise<void>;
  /** Counts what the tables of `address` hold, so that the first queries are planned well. */
  analyze(address: DatabaseAddress): Promise<void>;
  as(role: string, database: string): DatabaseAddress;
}

export const SUPERUSER = "postgres";

/** The role of the application (config-agent makes it). */
export const OWNER = "app";

export function connectServer(socketFolder: string): DatabaseServer {
  const as = (role: string, database: string): DatabaseAddress => ({ socketFolder, database, role });
  const onServer = <T>(work: (client: Client) => Promise<T>) => withClient(as(SUPERUSER, "postgres"), work);
  const ask = <T>(sql: string, values: unknown[]): Promise<T | null> =>
    onServer(async (client) => (await client.query<{ answer: T }>(sql, values)).rows[0]?.answer ?? null);
  return {
    as,
    look: (locale) => onServer((client) => look(client, locale)),
    async tables(database) {
      const exists = await ask("SELECT true AS answer FROM pg_database WHERE datname = $1", [database]);
      return exists === null ? null : withClient(as(SUPERUSER, database), countTables);
    },
    async oid(database) {
      const oid = await ask("SELECT oid::text AS answer FROM pg_database WHERE datname = $1", [database]);
      return oid === null ? null : Number(oid);
    },
    nameOf: (oid) => ask("SELECT datname AS answer FROM pg_database WHERE oid = $1", [oid]),
    bytes: async (database) =>
      Number(await ask("SELECT pg_database_size(oid)::text AS answer FROM pg_database WHERE datname = $1", [database])),
    drop: (names) =>
      onServer(async (client) => {
        const { rows } = await client.query<{ datname: string }>("SELECT datname FROM pg_database");
        for (const { datname } of rows.filter((row) => names.test(row.datname)))
          await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(datname)} WITH (FORCE)`);
      }),
    rename: (from, to) =>
      onServer(async (client) => {
        await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [from]);
        await client.query(`ALTER DATABASE ${client.escapeIdentifier(from)} RENAME TO ${client.escapeIdentifier(to)}`);
      }),
    analyze: (address) =>
      withClient(address, async (client) => {
        await client.query("ANALYZE");
      }),
  };
}

async function look(client: Client, locale: string): Promise<ServerFacts> {
  const { rows } = await client.query<{ major: number; superuser: boolean | null }>(
    `SELECT current_setting('server_version_num')::int / 10000 AS major,
            (SELECT rolsuper FROM pg_roles WHERE rolname = $1) AS superuser`,
    [OWNER],
  );
  const { major, superuser } = rows[0]!;
  const role = superuser === null ? "missing" : superuser ? "superuser" : "fit";
  return { major, role, localeIsThere: await knowsLocale(client, locale) };
}

/** PostgreSQL says of no list whether it can use a locale; a collation that is never committed is refused where it cannot. */
async function knowsLocale(client: Client, locale: string): Promise<boolean> {
  const literal = client.escapeLiteral(locale);
  await client.query("BEGIN");
  try {
    await client.query(`CREATE COLLATION pg_temp.tried (PROVIDER = libc, LOCALE = ${literal})`);
    return true;
  } catch {
    return false;
  } finally {
    await client.query("ROLLBACK");
  }
}

/** Tables of an application, not those of the server or of an extension. */
async function countTables(client: Client): Promise<number> {
  const { rows } = await client.query<{ tables: number }>(
    `SELECT count(*)::int AS tables FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`,
  );
  return rows[0]!.tables;
}
