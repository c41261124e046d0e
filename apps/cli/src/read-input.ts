import { closeSync, openSync, readSync } from "node:fs";
import { OperatorError, isSystemError } from "@appliance/errors";

/** Above all that a command takes, an env.yml or a file of keys, and far below what fills the memory. */
const LONGEST_MIB = 16;
const CHUNK = 64 * 1024;

/** A file that the command line names; a pipe too, as of `<(gpg -d …)`. @throws OperatorError `USAGE` when it cannot be read, or has more than 16 MiB */
export function readInput(file: string): Buffer {
  try {
    const content = readUpTo(LONGEST_MIB * 1024 * 1024, file);
    if (content) return content;
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT", "ENOTDIR", "EACCES", "EISDIR", "ELOOP", "ENAMETOOLONG", "ENXIO")) throw cause;
    throw unusable(`${file} cannot be read (${cause.code}).`, cause);
  }
  throw unusable(`${file} has more than ${LONGEST_MIB} MiB, and was not read.`);
}

/** The length is not asked for beforehand: pipes and devices have none. */
function readUpTo(limit: number, file: string): Buffer | undefined {
  const descriptor = openSync(file, "r");
  try {
    const chunks: Buffer[] = [];
    for (let length = 0; length <= limit; length += chunks.at(-1)!.length) {
      const chunk = Buffer.alloc(CHUNK);
      const count = readSync(descriptor, chunk);
      if (count === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, count));
    }
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

function unusable(message: string, cause?: unknown): OperatorError {
  return new OperatorError("USAGE", message, { remedy: "Name a file that exists and that you may read.", cause });
}
