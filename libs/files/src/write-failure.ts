import { isSystemError, OperatorError } from "@appliance/errors";

/** `error` as the operator's failure when the system refused a write; anything else, such as a bug, as it is. */
export function asWriteFailure(path: string, error: unknown): unknown {
  if (isSystemError(error, "ENOSPC", "EDQUOT"))
    return new OperatorError("DISK_FULL", `${path} could not be written: no space left on its disk`, {
      remedy: "Free space or inodes there (df -h, df -i), then try again. What stood there before is unchanged.",
      cause: error,
    });
  if (error instanceof Error && "syscall" in error && "code" in error)
    return new OperatorError("FILE_NOT_WRITTEN", `${path} could not be written: ${String(error.code)}`, {
      remedy: "Look at that path and at its disk (dmesg), then try again.",
      cause: error,
    });
  return error;
}
