import { readFileSync } from "node:fs";
import { OperatorError, isSystemError } from "@appliance/errors";

/** A file that the command line names. @throws OperatorError `USAGE` when it cannot be read */
export function readInput(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT", "ENOTDIR", "EACCES", "EISDIR", "ELOOP", "ENAMETOOLONG")) throw cause;
    throw new OperatorError("USAGE", `${file} cannot be read (${cause.code}).`, {
      remedy: "Name a file that exists and that you may read.",
      cause,
    });
  }
}
