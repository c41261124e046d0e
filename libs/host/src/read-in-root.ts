import { readFile } from "node:fs/promises";
import { isSystemError, OperatorError } from "@appliance/errors";
import { resolveInRoot } from "@appliance/files";

/** The text of a file of the host, undefined when there is none. Symlinks are followed inside the root. */
export async function readInRoot(root: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(await resolveInRoot(root, path), "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export const isMissing = (error: unknown) =>
  isSystemError(error, "ENOENT") || (error instanceof OperatorError && error.code === "PATH_MISSING");
