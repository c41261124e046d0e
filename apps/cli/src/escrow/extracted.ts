import { lstat, readFile } from "node:fs/promises";
import { unreadable } from "./failures.ts";

/** Far above what env.yml may have, and far below what a forged package could unpack to. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The env.yml that a program took out of a package to `path`. A forged package could hold a link to another file of this
 * machine in its place, or a hole of any size.
 * @throws OperatorError `SOURCE_UNREADABLE`
 */
export async function readExtracted(what: string, path: string): Promise<Buffer> {
  const stats = await lstat(path);
  if (!stats.isFile()) throw unreadable(`${what} is no file.`);
  if (stats.size > MAX_FILE_BYTES) throw unreadable(`${what} has ${stats.size} bytes, more than any env.yml.`);
  return await readFile(path);
}
