import { isSystemError } from "@appliance/errors";
import { failure } from "./failures.ts";

/** `error` as `BACKUP_DISK_FULL` when the disk of `path` is full; anything else as it is. */
export function asDiskFailure(path: string, error: unknown): unknown {
  return isSystemError(error, "ENOSPC", "EDQUOT") ? failure("BACKUP_DISK_FULL", path, error) : error;
}

/** True for any refusal of the operating system, such as EIO or EACCES. */
export function isOfSystem(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && "code" in error;
}
