import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asWriteFailure } from "./write-failure.ts";

export interface FileAttributes {
  /** Permission bits, exactly: the umask does not apply. */
  mode: number;
  /** Default: the owner of this process. */
  uid?: number;
  gid?: number;
}

const TEMPORARY = ".appliance-new-";

/** A name in the folder of `path`, so that the rename stays on one file system; short, so that it fits every name. */
export function temporaryBeside(path: string): string {
  return join(dirname(path), TEMPORARY + randomBytes(6).toString("hex"));
}

/**
 * Puts `data` at `path` so that, whatever happens, either the old file or the whole new one stands there, also after a
 * power cut. A symlink at `path` is replaced, not followed.
 * @throws OperatorError `DISK_FULL` or `FILE_NOT_WRITTEN`; the old file is then still there and nothing else is left behind.
 */
export async function writeFileDurable(path: string, data: string | Uint8Array, attributes: FileAttributes) {
  const temporary = temporaryBeside(path);
  try {
    await writeSynced(temporary, data, attributes);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw asWriteFailure(path, error);
  }
}

/** Makes the new file `path` with its content and attributes on disk, but not yet its name in the folder. */
export async function writeSynced(path: string, data: string | Uint8Array, attributes: FileAttributes) {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(data);
    await setAttributes(file, attributes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The owner first: chown takes away the set-user-id bits that the mode may ask for. */
export async function setAttributes(file: FileHandle, { mode, uid, gid }: FileAttributes) {
  if (uid !== undefined || gid !== undefined) await file.chown(uid ?? UNCHANGED, gid ?? UNCHANGED);
  await file.chmod(mode);
}

/** chown(2): -1 leaves it as it is, which Node takes as the unsigned number. */
const UNCHANGED = 0xffffffff;

/** Puts the names in a folder (what was created, renamed or removed there) on disk. */
export async function syncFolder(folder: string) {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const HOUR_MS = 3_600_000;

/** Removes from `folder` what writers that were killed left there more than an hour ago. */
export async function removeLeftovers(folder: string, now = new Date()) {
  const names = (await readdir(folder)).filter((name) => name.startsWith(TEMPORARY));
  for (const path of names.map((name) => join(folder, name))) {
    const { ctimeMs } = await stat(path).catch(() => ({ ctimeMs: now.getTime() }));
    if (now.getTime() - ctimeMs > HOUR_MS) await rm(path, { recursive: true, force: true });
  }
}
