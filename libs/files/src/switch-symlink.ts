import { readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { isSystemError } from "@appliance/errors";
import { asWriteFailure } from "./write-failure.ts";
import { syncFolder, temporaryBeside } from "./write-file-durable.ts";

/**
 * Lets the symlink `link` point to `target` in one step that readers never see half done, durably. False when it did already.
 * @throws OperatorError `FILE_NOT_WRITTEN` (a folder stands at `link`) or `DISK_FULL`; the old link is then still there.
 */
export async function switchSymlink(link: string, target: string): Promise<boolean> {
  if ((await targetOf(link)) === target) return false;
  const temporary = temporaryBeside(link);
  try {
    await symlink(target, temporary);
    await rename(temporary, link);
    await syncFolder(dirname(link));
    return true;
  } catch (error) {
    await rm(temporary, { force: true });
    throw asWriteFailure(link, error);
  }
}

/** Where a symlink points to; undefined when there is none. */
export async function targetOf(link: string): Promise<string | undefined> {
  try {
    return await readlink(link);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "EINVAL")) return undefined;
    throw error;
  }
}
