import { isSystemError } from "@appliance/errors";
import { Client } from "pg";
import { failure } from "../failures.ts";

/** A database over the Unix socket of its server; who asks is told by the kernel (peer), so there is no password. */
export interface DatabaseAddress {
  /** The folder that holds `.s.PGSQL.5432`. */
  socketFolder: string;
  database: string;
  role: string;
}

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Runs `work` with a connection and closes it.
 * @throws OperatorError `BACKUP_NO_DATABASE`, `DATABASE_UNREACHABLE`.
 */
export async function withClient<T>(address: DatabaseAddress, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    host: address.socketFolder,
    database: address.database,
    user: address.role,
    application_name: "backup",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on("error", () => {}); // a connection that breaks makes the running query fail, and that is reported
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw asDatabaseFailure(address, error);
  } finally {
    await client.end().catch(() => {}); // the work is done or has failed already; its own error counts
  }
}

function asDatabaseFailure({ socketFolder, database }: DatabaseAddress, error: unknown): unknown {
  if (isSystemError(error, "3D000")) return failure("BACKUP_NO_DATABASE", `${database} does not exist`, error);
  // No socket, nobody behind it, no right to it, too many connections, a role that may not log in, a server that starts or ends.
  const away = ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EACCES", "53300", "28000", "57P01", "57P02", "57P03"];
  const lost = error instanceof Error && /^(Connection terminated|timeout expired)/.test(error.message);
  if (!lost && !isSystemError(error, ...away)) return error;
  return failure("DATABASE_UNREACHABLE", `${error.message} (${socketFolder})`, error);
}

/** The options of a PostgreSQL program for `address`. The name is quoted: as it is, one with `=` in it would be read as settings. */
export function connectionArguments({ socketFolder, database, role }: DatabaseAddress): string[] {
  const quoted = `'${database.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return [`--host=${socketFolder}`, `--username=${role}`, `--dbname=dbname=${quoted}`, "--no-password"];
}
