import { constants } from "node:fs";
import { chmod, chown, copyFile, link, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CommandError, runCommand } from "@appliance/command";
import { isSystemError, OperatorError } from "@appliance/errors";

/** A copy of everything from one disk to another. */
const COPY_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** @throws OperatorError `FILE_EXISTS` where `folder` holds something or is none, `USAGE` where it cannot be read */
export async function requireEmptyFolder(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return;
  } catch (cause) {
    if (isSystemError(cause, "ENOENT")) return;
    if (!isSystemError(cause, "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG")) throw cause;
    throw usage(`${folder} cannot be used (${cause.code}).`, cause);
  }
  throw new OperatorError("FILE_EXISTS", `${folder} is not empty.`, {
    remedy: "Name a folder with --to that is empty or not there yet. Nothing was restored.",
  });
}

/** @throws OperatorError `FILE_EXISTS`, `USAGE` where there is no such folder */
export async function requireFreePath(file: string): Promise<void> {
  try {
    await lstat(file);
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG")) throw cause;
    if (cause.code !== "ENOENT") throw usage(`${file} cannot be written (${cause.code}).`, cause);
    return requireFolder(dirname(file));
  }
  throw exists(file);
}

async function requireFolder(folder: string): Promise<void> {
  const there = await lstat(folder).catch(() => undefined);
  if (!there) throw usage(`There is no folder ${folder}.`);
}

/**
 * Moves what is in the folder `restored` into the folder `to`, with owners, rights and times, and removes `restored`. On another file
 * system it is copied.
 * @throws OperatorError `RESTORED_NOT_MOVED`; what was not moved stays where it is
 */
export async function moveFolder(restored: string, to: string): Promise<void> {
  await requireEmptyFolder(to); // it took hours perhaps
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of await readdir(restored)) await moveEntry(join(restored, name), to);
  await rm(restored, { recursive: true });
}

async function moveEntry(path: string, to: string): Promise<void> {
  try {
    await rename(path, join(to, basename(path)));
  } catch (cause) {
    if (!isSystemError(cause, "EXDEV")) throw cause;
    await copyEntry(path, to);
    await rm(path, { recursive: true });
  }
}

async function copyEntry(path: string, to: string): Promise<void> {
  try {
    await runCommand("cp", ["--archive", "--target-directory", to, "--", path], { timeoutMs: COPY_TIMEOUT_MS });
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw notMoved(path, to, cause.stderrTail, cause);
  }
}

/**
 * Moves the one file at `path` in the folder `restored` to `to`, where it becomes the caller's own, of mode 0600, and removes `restored`.
 * Nothing is overwritten.
 * @throws OperatorError `FILE_EXISTS`, `RESTORED_NOT_MOVED`
 */
export async function moveFile(restored: string, path: string, to: string): Promise<void> {
  const from = join(restored, path);
  try {
    await linkOrCopy(from, to);
  } catch (cause) {
    if (isSystemError(cause, "EEXIST")) throw exists(to, from);
    if (!isSystemError(cause, "ENOSPC", "EDQUOT", "EROFS", "EACCES", "EIO")) throw cause;
    throw notMoved(from, to, cause.code ?? "", cause);
  }
  await chown(to, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  await chmod(to, 0o600);
  await rm(restored, { recursive: true });
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (cause) {
    if (!isSystemError(cause, "EXDEV", "EPERM")) throw cause;
    await copyDurably(from, to);
  }
}

/** What is cut off is no file under that name. */
async function copyDurably(from: string, to: string): Promise<void> {
  await (await open(to, "wx", 0o600)).close();
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const file = await open(to, "r+");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (err) {
    await rm(to, { force: true });
    throw err;
  }
}

function usage(message: string, cause?: unknown): OperatorError {
  return new OperatorError("USAGE", message, { remedy: "Name another place. Nothing was restored.", cause });
}

function exists(file: string, restored?: string): OperatorError {
  const left = restored === undefined ? "Nothing was restored." : `What was restored lies in ${restored} for a day.`;
  return new OperatorError("FILE_EXISTS", `${file} is there already.`, {
    remedy: `Move it away, or name another file. ${left}`,
  });
}

function notMoved(path: string, to: string, why: string, cause: unknown): OperatorError {
  return new OperatorError(
    "RESTORED_NOT_MOVED",
    `${path} was restored and could not be moved to ${to}: ${why.trim()}`,
    {
      remedy:
        "What is missing there lies in the first place for a day. Make room and move it, or restore again elsewhere.",
      cause,
    },
  );
}
