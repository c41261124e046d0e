import { OperatorError, isSystemError } from "@appliance/errors";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { isBackupRoleReady, makeBackupRole } from "./backup-role.ts";

/** The name that the manual gives the database and its role. */
export const DATABASE = "ecs";
export const ROLE = "app";

export interface DatabaseFacts {
  exists: boolean;
  /** What PostgreSQL stores of the role's password; null without a role or password. */
  verifier: string | null;
  roleExists: boolean;
  /** Whether pg_stat_statements is there; false without a database. */
  statistics: boolean;
  /** Whether backup-agent's role is there and may what it is to do, and nothing else. */
  backupRole: boolean;
}

/** PostgreSQL as its superuser, over its socket, which lets in this agent and backup-agent by their uids (pg_hba.conf). */
export interface Database {
  observe(): Promise<DatabaseFacts>;
  /** Whether anybody has made a table in it; false without a database. */
  holdsTables(): Promise<boolean>;
  /** The database with the locale of env.yml, owned by the role. */
  create(locale: string): Promise<void>;
  setRole(verifier: string): Promise<void>;
  enableStatistics(): Promise<void>;
  /** The role that reads everything and changes nothing; without a password, since only backup-agent's uid is let in as it. */
  setBackupRole(): Promise<void>;
  /** Takes up changed settings. @throws OperatorError `DATABASE_SETTINGS_INVALID`: then it runs with those before. */
  reload(): Promise<void>;
  /** Waits until it answers. @throws OperatorError `DATABASE_UNREACHABLE` */
  waitUntilReady(timeoutMs: number, signal: AbortSignal): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 60_000;
const TRY_EVERY_MS = 500;

/** `socketFolder` holds `.s.PGSQL.5432`. A connection a call: PostgreSQL is restarted in between, and calls are few. */
export function connectDatabase(socketFolder: string): Database {
  const query = (database: string) => withClient(socketFolder, database);
  const onServer = query("postgres");
  return {
    observe: () => onServer(observe(query(DATABASE))),
    holdsTables: async () => (await onServer(exists)) && query(DATABASE)(hasTables),
    create: (locale) =>
      onServer(async (client) => {
        // CREATE DATABASE takes no parameters; the locale is quoted as a literal and was checked with env.yml.
        await client.query(
          `CREATE DATABASE ${DATABASE} OWNER ${ROLE} TEMPLATE template0 ENCODING 'UTF8' LOCALE ${client.escapeLiteral(locale)}`,
        );
      }),
    setRole: (verifier) =>
      onServer(async (client) => {
        const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [ROLE]);
        const verb = rowCount ? "ALTER" : "CREATE";
        await client.query(`${verb} ROLE ${ROLE} LOGIN PASSWORD ${client.escapeLiteral(verifier)}`);
      }),
    enableStatistics: () =>
      query(DATABASE)((client) => run(client, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")),
    setBackupRole: () => onServer((client) => makeBackupRole(client, DATABASE)),
    reload: () => onServer(reload),
    waitUntilReady: (timeoutMs, signal) =>
      waitUntilReady(() => onServer((client) => run(client, "SELECT 1")), timeoutMs, signal),
  };
}

type Work<T> = (client: Client) => Promise<T>;

function withClient(host: string, database: string) {
  return async <T>(work: Work<T>): Promise<T> => {
    const client = new Client({
      host,
      database,
      user: "postgres",
      application_name: "config-agent",
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
    });
    client.on("error", () => {}); // a connection that breaks makes the running query fail; that is reported
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => {}); // the work is done or has failed already; its own error counts
    }
  };
}

async function run(client: Client, sql: string): Promise<void> {
  await client.query(sql);
}

/** A reload itself says nothing of what is wrong: one bad value, and PostgreSQL passes over the whole file. */
async function reload(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string; error: string }>(
    "SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL",
  );
  if (rows.length > 0) throw invalid(rows.map(({ name, error }) => `${name}: ${error}`));
  await run(client, "SELECT pg_reload_conf()");
}

function observe(inDatabase: <T>(work: Work<T>) => Promise<T>): Work<DatabaseFacts> {
  return async (client) => {
    const isThere = await exists(client);
    const roles = await client.query<{ rolpassword: string | null }>(
      "SELECT rolpassword FROM pg_authid WHERE rolname = $1",
      [ROLE],
    );
    return {
      exists: isThere,
      roleExists: roles.rowCount === 1,
      verifier: roles.rows[0]?.rolpassword ?? null,
      statistics: isThere && (await inDatabase(hasStatistics)),
      backupRole: await isBackupRoleReady(client, DATABASE),
    };
  };
}

async function exists(client: Client): Promise<boolean> {
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
  return rowCount === 1;
}

async function hasTables(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(
    "SELECT FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LIMIT 1",
  );
  return rowCount === 1;
}

async function hasStatistics(client: Client): Promise<boolean> {
  const { rowCount } = await client.query("SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'");
  return rowCount === 1;
}

async function waitUntilReady(ask: () => Promise<void>, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      await ask();
      return;
    } catch (cause) {
      if (!isNotYet(cause)) throw cause;
      if (performance.now() > deadline) throw unreachable(cause);
    }
    await sleep(TRY_EVERY_MS, undefined, { signal });
  }
}

/** No socket yet, nobody behind it, or a server that is still starting (57P03) or just ending (57P01, 57P02). */
function isNotYet(cause: unknown): boolean {
  return (
    isSystemError(cause, "ENOENT", "ECONNREFUSED", "ECONNRESET", "57P03", "57P01", "57P02") || isConnectionLoss(cause)
  );
}

function isConnectionLoss(cause: unknown): boolean {
  return cause instanceof Error && /^(Connection terminated|timeout expired)/.test(cause.message);
}

function invalid(complaints: string[]): OperatorError {
  return new OperatorError("DATABASE_SETTINGS_INVALID", `PostgreSQL does not accept ${complaints.join("; ")}.`, {
    remedy: "Correct what it complains about, then run `appliance apply`.",
  });
}

function unreachable(cause: unknown): OperatorError {
  return new OperatorError("DATABASE_UNREACHABLE", "PostgreSQL does not answer.", {
    remedy: "Read why with `appliance logs database`, then run `appliance apply` again.",
    cause,
  });
}
