import { open, rm } from "node:fs/promises";
import { isSystemError, OperatorError } from "@appliance/errors";

/**
 * Makes a file of mode 0600 from what `work` brings, and returns that. The name is taken before the work begins, so that nothing is made for which
 * there is no place, and nothing that is there is ever overwritten; when the work fails the name is free again.
 * @throws OperatorError `FILE_EXISTS`, `USAGE` when the folder cannot be written to
 */
export async function makePrivateFile(path: string, work: () => Promise<Buffer>): Promise<Buffer> {
  const file = await open(path, "wx", 0o600).catch((cause: unknown) => {
    throw unusable(path, cause);
  });
  try {
    const content = await work();
    await file.writeFile(content);
    await file.sync();
    return content;
  } catch (err) {
    await rm(path, { force: true });
    throw err;
  } finally {
    await file.close();
  }
}

function unusable(path: string, cause: unknown): unknown {
  if (isSystemError(cause, "EEXIST"))
    return new OperatorError("FILE_EXISTS", `${path} is there already.`, {
      remedy: "Move it away, or name another file with --out. Nothing was made.",
      cause,
    });
  if (!isSystemError(cause, "ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS", "ENOSPC", "ENAMETOOLONG")) return cause;
  return new OperatorError("USAGE", `${path} cannot be written (${cause.code}).`, {
    remedy: "Name a file in a folder that you may write to with --out. Nothing was made.",
    cause,
  });
}
