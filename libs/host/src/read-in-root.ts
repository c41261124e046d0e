import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { isSystemError, OperatorError } from "@appliance/errors";
import { resolveInRoot } from "@appliance/files";

/** What is read as a whole here are lists and settings; a user can make his own files as long as he likes. */
const LONGEST = 16 * 1024 * 1024;

/** The text of a regular file of the host, undefined when there is none. Symlinks are followed inside the root. */
export async function readInRoot(root: string, path: string): Promise<string | undefined> {
  return (await readBytesInRoot(root, path))?.toString("utf8");
}

/** As `readInRoot`, for what is written again: a file of the operator may be in any encoding. */
export async function readBytesInRoot(root: string, path: string): Promise<Buffer | undefined> {
  try {
    return await readRegular(await resolveInRoot(root, path));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Opened without waiting: a pipe in its place must not hold us up. */
async function readRegular(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return undefined;
    if (stats.size > LONGEST)
      throw new OperatorError("FILE_TOO_LONG", `${path} is longer than 16 MiB`, {
        remedy: "Look what fills that file.",
      });
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** True for what `resolveInRoot` and Node throw when a file is not there. */
export const isMissing = (error: unknown) =>
  isSystemError(error, "ENOENT") || (error instanceof OperatorError && error.code === "PATH_MISSING");
