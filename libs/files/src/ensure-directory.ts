import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { isSystemError } from "@appliance/errors";
import { asWriteFailure } from "./write-failure.ts";
import { setAttributes, syncFolder, type FileAttributes } from "./write-file-durable.ts";

const MODE_BITS = 0o7777;

/**
 * Sees that `path` is a folder with exactly these attributes, durably. Missing folders above it are made as 0755 of this
 * process's user. True when something had to be changed.
 * @throws OperatorError `FILE_NOT_WRITTEN` when something else stands there, a symlink to a folder too, or `DISK_FULL`.
 */
export async function ensureDirectory(path: string, attributes: FileAttributes): Promise<boolean> {
  try {
    const created = await createFolder(path);
    const adjusted = await adjust(path, attributes);
    return created || adjusted;
  } catch (error) {
    throw asWriteFailure(path, error);
  }
}

async function createFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, 0o700); // closed until its owner is set
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return false;
    if (!isSystemError(error, "ENOENT")) throw error;
    await ensureParent(dirname(path));
    return createFolder(path);
  }
  await syncFolder(dirname(path));
  return true;
}

async function ensureParent(path: string) {
  if (await createFolder(path)) await adjust(path, { mode: 0o755 });
}

/** Through a handle: what is checked is what is changed, though another puts a symlink there in between. */
async function adjust(path: string, attributes: FileAttributes): Promise<boolean> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { mode, uid, gid } = await handle.stat();
    const fits =
      (mode & MODE_BITS) === attributes.mode && uid === (attributes.uid ?? uid) && gid === (attributes.gid ?? gid);
    if (fits) return false;
    await setAttributes(handle, attributes);
    await handle.sync();
    return true;
  } finally {
    await handle.close();
  }
}
