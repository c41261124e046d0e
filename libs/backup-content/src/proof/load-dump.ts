import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { CommandError, type CommandResult } from "@appliance/command";
import { isSystemError } from "@appliance/errors";
import { connectionArguments, withClient, type DatabaseAddress } from "../dump/connection.ts";
import { writeStream } from "../dump/write-stream.ts";
import { failure } from "../failures.ts";
import { wordsOf } from "../postgres-programs.ts";
import { gunzipped } from "../files/gunzip.ts";
import { planRestoreList } from "./restore-list.ts";
import type { ScratchOptions, ScratchPostgres } from "./scratch-postgres.ts";
import type { Workplace } from "./workplace.ts";

/** What of the database's facts a load needs. */
export interface Locale {
  collate: string;
  ctype: string;
}

const DATABASE = "restored";

/** Owns the database and has no other right: no programs, no files of the server, no untrusted languages and extensions. */
const ROLE = "restored";

const LONGEST_LOAD_MS = 12 * 3_600_000;
const LARGEST_CONTENTS = 64 * 1024 * 1024;

/**
 * Unpacks the dump `from` to the new file `path`; `sha256` is what its sum as stored must be, where that is known.
 * @throws OperatorError `PROOF_DUMP_DAMAGED`, `BACKUP_DISK_FULL`.
 */
export async function unpackDump(from: string, path: string, sha256?: string): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  const plain = gunzipped(from, (part) => {
    hash.update(part);
    bytes += part.length;
  });
  try {
    // Of the group that reads it, as nothing in it is for anyone else: the folder is closed.
    await writeStream({ path, mode: 0o644 }, plain);
  } catch (error) {
    if (isSystemError(error, "Z_DATA_ERROR", "Z_BUF_ERROR", "ENOENT"))
      throw failure("PROOF_DUMP_DAMAGED", error.message, error);
    throw error;
  }
  if (sha256 !== undefined && hash.digest("hex") !== sha256)
    throw failure("PROOF_DUMP_DAMAGED", `its sum is not the one of the manifest (${bytes} bytes)`);
}

/**
 * Loads the unpacked dump at `path` into a new database of `postgres`, on all cores, as a role that owns this database and
 * has no other right; the first error ends it.
 * @returns the database as that role sees it: what came with the dump is never run with more rights than that.
 * @throws OperatorError `PROOF_DUMP_DAMAGED`, `PROOF_DUMP_REFUSED`, `PROOF_LOCALE_MISSING`.
 */
export async function loadDump(
  path: string,
  locale: Locale,
  postgres: ScratchPostgres,
  place: Workplace,
  { run, signal }: ScratchOptions,
): Promise<DatabaseAddress> {
  await withClient(postgres.address("postgres"), (client) =>
    client.query(`CREATE ROLE ${ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`),
  );
  return restoreDump(path, {
    into: postgres.address(DATABASE, ROLE),
    superuser: "postgres",
    locale,
    list: join(place.disk, "restore.list"),
    restore: (args, options) =>
      run(...place.as(join(postgres.programs, "pg_restore"), args), { ...options, ...(signal ? { signal } : {}) }),
  });
}

export interface DumpDestination {
  /** A database that is not there yet, and the role that owns it and loads it. */
  into: DatabaseAddress;
  /** Makes the database and the extensions that every appliance may have. */
  superuser: string;
  locale: Locale;
  /** Where the plan of the load may be written, for pg_restore. */
  list: string;
  /** Starts pg_restore. */
  restore: (args: readonly string[], options: { timeoutMs: number; maxOutputBytes: number }) => Promise<CommandResult>;
}

/**
 * Makes the database `into` and loads the unpacked dump at `path` into it, on all cores; the first error ends it. Nothing of the
 * dump is ever run with more rights than those of the role of `into`.
 * @throws OperatorError `PROOF_DUMP_DAMAGED`, `PROOF_DUMP_REFUSED`, `PROOF_LOCALE_MISSING`.
 */
export async function restoreDump(
  path: string,
  { into, superuser, locale, list, restore }: DumpDestination,
): Promise<DatabaseAddress> {
  const options = { timeoutMs: LONGEST_LOAD_MS, maxOutputBytes: LARGEST_CONTENTS };
  // Told to be of the custom format, a folder or an archive of tar with names of its own is no dump.
  const { stdout, cutBytes } = await asLoadFailure(
    "PROOF_DUMP_DAMAGED",
    restore(["--format=custom", "--list", "--", path], options),
  );
  if (cutBytes.stdout > 0) throw failure("PROOF_DUMP_DAMAGED", "its table of contents is too long");
  const plan = planRestoreList(stdout);
  await writeFile(list, plan.text, { mode: 0o644 });
  await createDatabase({ into, superuser, locale }, plan.extensions);
  const without = ["--no-owner", "--no-privileges", "--no-tablespaces", "--no-security-labels", "--no-publications"];
  const how = ["--format=custom", "--exit-on-error", `--jobs=${cpus().length}`, `--use-list=${list}`];
  const args = [...connectionArguments(into), ...how, ...without, "--no-subscriptions", "--", path];
  await asLoadFailure("PROOF_DUMP_REFUSED", restore(args, options));
  return into;
}

async function createDatabase(
  { into, superuser, locale: { collate, ctype } }: Pick<DumpDestination, "into" | "superuser" | "locale">,
  extensions: readonly string[],
) {
  await withClient({ ...into, database: "postgres", role: superuser }, async (client) => {
    // CREATE DATABASE takes no parameters.
    const [name, owner] = [client.escapeIdentifier(into.database), client.escapeIdentifier(into.role)];
    const [lcCollate, lcCtype] = [client.escapeLiteral(collate), client.escapeLiteral(ctype)];
    await client
      .query(
        `CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE ${lcCollate} LC_CTYPE ${lcCtype}`,
      )
      .catch((error: unknown) => {
        throw isSystemError(error, WRONG_OBJECT_TYPE, INVALID_PARAMETER)
          ? failure("PROOF_LOCALE_MISSING", `${collate}, ${ctype}`, error)
          : error;
      });
  });
  await withClient({ ...into, role: superuser }, async (client) => {
    for (const name of extensions)
      await client.query(`CREATE EXTENSION IF NOT EXISTS ${client.escapeIdentifier(name)}`);
  });
}

/** What PostgreSQL answers to a locale that the system does not have. */
const WRONG_OBJECT_TYPE = "42809";
const INVALID_PARAMETER = "22023";

async function asLoadFailure<T>(code: "PROOF_DUMP_DAMAGED" | "PROOF_DUMP_REFUSED", loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof CommandError && error.code === "COMMAND_FAILED") throw failure(code, wordsOf(error), error);
    throw error;
  }
}
