import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RunCommand } from "@appliance/command";
import { isSystemError } from "@appliance/errors";
import { failure } from "../failures.ts";
import { LIST_FORMAT, parseListed, readRecords, type ListedFile } from "./record.ts";

export interface ListDependencies {
  run: RunCommand;
  /** A private folder on a disk: a list takes about 100 bytes a file there, twice while it is sorted. */
  temporary: string;
}

export interface FileList {
  /** In the order of the bytes of their paths, many at a time. */
  files: AsyncIterable<ListedFile[]>;
  /** Folders of those asked for that do not exist. */
  absent: string[];
  /** The first hundred places that could not be read, as find(1) said it. */
  unreadable: string[];
}

const LONGEST_LIST_MS = 4 * 3_600_000;
const SHOWN = 100;

/** sort(1) keeps the rest on disk, so memory does not grow with the number of files. */
const SORT_MEMORY = "32M";

/** Bytes, not letters of a language. */
const BYTE_ORDER = { LC_ALL: "C" };

/**
 * Gives `work` everything but folders below `folders` of `root`, sorted. Programs do the walk, so names of any bytes, millions
 * of files and folders of any size take no memory here. What vanishes during the walk is left out.
 * @throws OperatorError `BACKUP_FILES_UNREADABLE`
 */
export async function withFileList<T>(
  root: string,
  folders: readonly string[],
  { run, temporary }: ListDependencies,
  work: (list: FileList) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const [listed, sorted] = [join(temporary, "files.list"), join(temporary, "files.sorted")];
  const options = { timeoutMs: LONGEST_LIST_MS, env: BYTE_ORDER, ...(signal ? { signal } : {}) };
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  const { present, absent } = await lookFor(root, folders);
  try {
    const walk = ["!", "-type", "d", "-fprintf", listed, LIST_FORMAT];
    // Without a start find would walk its working folder.
    const starts = present.length > 0 ? present : ["/dev/null"];
    const filter = present.length > 0 ? walk : ["-false", ...walk];
    const found = await run("find", ["-P", ...starts, ...filter], { ...options, cwd: root, okExitCodes: [0, 1] });
    const byPath = ["--zero-terminated", "--field-separator=\t", "--key=5", `--buffer-size=${SORT_MEMORY}`];
    await run("sort", [...byPath, `--temporary-directory=${temporary}`, `--output=${sorted}`, "--", listed], options);
    await rm(listed, { force: true });
    const files = readRecords(createReadStream(sorted), parseListed);
    return await work({ files, absent, unreadable: complaints(found) });
  } catch (error) {
    if (isSystemError(error, "COMMAND_FAILED")) throw failure("BACKUP_FILES_UNREADABLE", error.message, error);
    throw error;
  } finally {
    await Promise.all([rm(listed, { force: true }), rm(sorted, { force: true })]);
  }
}

async function lookFor(root: string, folders: readonly string[]) {
  const found = await Promise.all(folders.map((folder) => exists(join(root, folder))));
  return { present: folders.filter((_, n) => found[n]), absent: folders.filter((_, n) => !found[n]) };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return false;
    throw failure("BACKUP_FILES_UNREADABLE", path, error);
  }
}

/** A file that vanished during the walk is none of the complaints: an application in use removes some. */
function complaints({
  exitCode,
  stderr,
  cutBytes,
}: {
  exitCode: number;
  stderr: string;
  cutBytes: { stderr: number };
}) {
  if (exitCode === 0) return [];
  const lines = stderr.split("\n").filter((line) => line !== "" && !line.endsWith("No such file or directory"));
  return [...lines.slice(0, SHOWN), ...(cutBytes.stderr > 0 ? ["and more"] : [])];
}
