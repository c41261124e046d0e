import { constants } from "node:fs";
import { lstat, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, OperatorError } from "@appliance/errors";
import { resolveInRoot } from "@appliance/files";

/** A list with 80 000 entries. */
const LARGEST_BYTES = 4 * 1024 * 1024;

/**
 * The text of `name` in `folder`, which another writes whom we need not trust: regular files alone, of at most 4 MiB, by links
 * within the folder only, and without waiting at a FIFO. null when there is none.
 * @throws OperatorError `APPLICATION_CA_UNREADABLE` for anything else that stands there
 */
export async function readOfferedFile(folder: string, name: string): Promise<string | null> {
  const path = join(folder, name);
  if (!(await stands(path))) return null;
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    const handle = await open(await resolveInRoot(folder, `/${name}`), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      return await readRegular(handle, path);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw asUnreadable(path, error);
  }
}

async function stands(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return false;
    throw asUnreadable(path, error);
  }
}

async function readRegular(handle: FileHandle, path: string): Promise<string> {
  const found = await handle.stat();
  if (!found.isFile()) throw unreadable(path, "it is not a regular file");
  if (found.size > LARGEST_BYTES)
    throw unreadable(path, `it has ${found.size} bytes, at most ${LARGEST_BYTES} are read`);
  const buffer = Buffer.alloc(found.size);
  let length = 0;
  for (let read = -1; read !== 0 && length < buffer.length; length += read)
    read = (await handle.read(buffer, length, buffer.length - length)).bytesRead;
  return buffer.toString("latin1", 0, length);
}

function asUnreadable(path: string, error: unknown): unknown {
  if (error instanceof OperatorError && error.code.startsWith("PATH_"))
    return unreadable(path, "it is a link that leads out of its folder or nowhere");
  if (error instanceof Error && "syscall" in error && "code" in error) return unreadable(path, String(error.code));
  return error;
}

const unreadable = (path: string, why: string) =>
  new OperatorError("APPLICATION_CA_UNREADABLE", `${path} is not read: ${why}.`, {
    remedy: "Have the application write it again. Until then what was good last stays in service.",
  });
