import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { isSystemError } from "@appliance/errors";

const LARGEST = 256 * 1024;

/**
 * The text of a file that may be anything, since backups of other systems bring such files: what is no plain file of a sensible size is
 * told, not read. Undefined when there is none.
 */
export async function readSmallFile(path: string): Promise<string | { unfit: string } | undefined> {
  try {
    // A pipe that nobody writes into would be waited for without the flag.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) return { unfit: `${path} is no file` };
      if (found.size > LARGEST) return { unfit: `${path} is larger than ${LARGEST / 1024} KiB` };
      return await file.readFile("latin1");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    const code = error instanceof Error && "code" in error ? String(error.code) : "an unknown fault";
    return { unfit: `${path} cannot be read: ${code}` };
  }
}
