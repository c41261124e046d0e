import { readFile } from "node:fs/promises";
import { isSystemError } from "@appliance/errors";

/** The text of a file; undefined when there is none, and for each of the system's `codes` that mean as much to the caller. */
export async function readIfThere(path: string, ...codes: string[]): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT", ...codes)) return undefined;
    throw error;
  }
}
