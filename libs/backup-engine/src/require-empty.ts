import { readdir } from "node:fs/promises";
import { isSystemError } from "@appliance/errors";
import { failure } from "./failures.ts";

/** Nothing is ever restored over files that are there. @throws OperatorError `BACKUP_RESTORE_NOT_EMPTY`. */
export async function requireEmpty(into: string): Promise<void> {
  try {
    if ((await readdir(into)).length > 0) throw failure("BACKUP_RESTORE_NOT_EMPTY", "", into);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
  }
}
