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
 * Unpacks the dump `from` into the workplace and gives its sums as stored.
 * @throws OperatorError `PROOF_DUMP_DAMAGED`, `BACKUP_DISK_FULL`.
 */
export async function unpackDump(
  from: string,
  place: Workplace,
): Promise<{ path: string; sha256: string; bytes: number }> {
  const path = join(place.disk, "plain.pgdump");
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
  return { path, sha256: hash.digest("hex"), bytes };
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
  const restore = (args: readonly string[], timeoutMs = LONGEST_LOAD_MS): Promise<CommandResult> =>
    run(...place.as(join(postgres.programs, "pg_restore"), args), {
      timeoutMs,
      maxOutputBytes: LARGEST_CONTENTS,
      ...(signal ? { signal } : {}),
    });
  // Told to be of the custom format, a folder or an archive of tar with names of its own is no dump.
  const { stdout, cutBytes } = await asLoadFailure(
    "PROOF_DUMP_DAMAGED",
    restore(["--format=custom", "--list", "--", path]),
  );
  if (cutBytes.stdout > 0) throw failure("PROOF_DUMP_DAMAGED", "its table of contents is too long");
  const list = planRestoreList(stdout);
  const listPath = join(place.disk, "restore.list");
  await writeFile(listPath, list.text, { mode: 0o644 });
  await createDatabase(postgres, locale, list.extensions);
  const without = ["--no-owner", "--no-privileges", "--no-tablespaces", "--no-security-labels", "--no-publications"];
  const how = ["--format=custom", "--exit-on-error", `--jobs=${cpus().length}`, `--use-list=${listPath}`];
  const loaded = postgres.address(DATABASE, ROLE);
  const args = [...connectionArguments(loaded), ...how, ...without, "--no-subscriptions", "--", path];
  await asLoadFailure("PROOF_DUMP_REFUSED", restore(args));
  return loaded;
}

async function createDatabase(postgres: ScratchPostgres, { collate, ctype }: Locale, extensions: readonly string[]) {
  await withClient(postgres.address("postgres"), async (client) => {
    await client.query(`CREATE ROLE ${ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`);
    // CREATE DATABASE takes no parameters.
    const [lcCollate, lcCtype] = [client.escapeLiteral(collate), client.escapeLiteral(ctype)];
    await client
      .query(
        `CREATE DATABASE ${DATABASE} OWNER ${ROLE} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE ${lcCollate} LC_CTYPE ${lcCtype}`,
      )
      .catch((error: unknown) => {
        throw isSystemError(error, WRONG_OBJECT_TYPE, INVALID_PARAMETER)
          ? failure("PROOF_LOCALE_MISSING", `${collate}, ${ctype}`, error)
          : error;
      });
  });
  await withClient(postgres.address(DATABASE), async (client) => {
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
