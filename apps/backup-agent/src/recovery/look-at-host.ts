import { lstat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "@appliance/backup-content";
import { isSystemError, type OperatorError } from "@appliance/errors";
import { DATABASE, DUMPS, FOLDERS, VAULT } from "../contents.ts";
import type { DatabaseServer, ServerFacts } from "./database-server.ts";
import { OWNER } from "./database-server.ts";
import { failure } from "./failures.ts";
import { needOf, type Need } from "./plan-recovery.ts";
import { firstFile } from "./walk.ts";

/** What is wrong with the places of the data; `mayHold` are folders in which there may be files. */
export async function problemsOfPlaces(dataDir: string, mayHold: readonly string[]): Promise<OperatorError[]> {
  const problems: OperatorError[] = [];
  for (const folder of [VAULT, DUMPS].filter((one) => !mayHold.includes(one))) {
    const path = join(dataDir, folder);
    const file = await firstFile(path);
    if (file !== undefined) problems.push(failure("RECOVERY_PLACE_IN_USE", `${path} holds files, such as ${file}`));
  }
  const { dev } = await lstat(dataDir);
  for (const folder of FOLDERS) {
    const path = join(dataDir, folder);
    const found = await lstatIfThere(path);
    if (found && (found.dev !== dev || !found.isDirectory()))
      problems.push(failure("RECOVERY_OTHER_FILE_SYSTEM", `${path} is no folder of the file system of ${dataDir}`));
  }
  return problems;
}

async function lstatIfThere(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** What is wrong with PostgreSQL whatever is restored; `mayBeThere` says that there may be a database. */
export async function problemsOfServer(
  server: DatabaseServer,
  locale: string,
  mayBeThere: boolean,
): Promise<{ facts: ServerFacts; problems: OperatorError[] }> {
  const facts = await server.look(locale);
  const problems: OperatorError[] = [];
  if (facts.role === "missing") problems.push(failure("RECOVERY_ROLE_UNFIT", `PostgreSQL has no role ${OWNER}`));
  // What comes with a dump would be run as that.
  if (facts.role === "superuser") problems.push(failure("RECOVERY_ROLE_UNFIT", `the role ${OWNER} is a superuser`));
  if (!facts.localeIsThere) problems.push(failure("RECOVERY_LOCALE_MISSING", locale));
  // An empty database is what `appliance database create` makes before the application: it holds nothing to lose.
  const tables = mayBeThere ? null : await server.tables(DATABASE);
  if (tables) problems.push(failure("RECOVERY_DATABASE_IN_USE", `the database ${DATABASE} has ${tables} tables`));
  return { facts, problems };
}

/** `server` is what the manifest says of the server, such as `17.2 (Debian 17.2-1)`. */
export function problemsOfVersion({ database: { server } }: Manifest, { major }: ServerFacts): OperatorError[] {
  const saved = Number.parseInt(server, 10);
  return saved > major ? [failure("RECOVERY_SERVER_OLDER", `${saved} against ${major}`)] : [];
}

/** Whether `manifest` fits on the disk of the data, in bytes and in files, once `freed` bytes of our own are given back. */
export async function problemsOfSpace(dataDir: string, manifest: Manifest, freed: number): Promise<OperatorError[]> {
  const { bavail, bsize, files, ffree } = await statfs(dataDir);
  const need = needOf(manifest);
  const free = bavail * bsize + freed;
  const problems: OperatorError[] = [];
  if (free < need.bytes) problems.push(failure("RECOVERY_SPACE_SHORT", describeNeed(dataDir, need, free)));
  // File systems that make inodes as they need them say zero.
  if (files > 0 && ffree < need.files)
    problems.push(
      failure("RECOVERY_SPACE_SHORT", `${dataDir} has room for ${ffree} more files, and ${need.files} are restored`),
    );
  return problems;
}

function describeNeed(dataDir: string, { bytes, parts }: Need, free: number): string {
  const of = `${gigabytes(parts.files)} of files, ${gigabytes(parts.dump)} of dump and ${gigabytes(parts.database)} for the database`;
  return `${dataDir} has ${gigabytes(free)} free, and ${gigabytes(bytes)} are needed (${of})`;
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
