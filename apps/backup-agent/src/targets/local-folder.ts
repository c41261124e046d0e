import { mkdir, stat, statfs } from "node:fs/promises";
import { normalize, sep } from "node:path";
import { isSystemError, OperatorError } from "@appliance/errors";

/** Which folders of this host may be targets: what else there is of it, this agent cannot write to. */
export interface LocalPlaces {
  /** Where disks are mounted, such as `/mnt`. */
  mounted: readonly string[];
  /** Where a folder that is not there is made, because it may be lost anyway: `/volatile`. */
  made: string;
}

/** The folder of a target on this host, undefined for one elsewhere. @throws OperatorError `BACKUP_TARGET_INVALID` */
export function localFolderOf(url: string, local?: LocalPlaces): string | undefined {
  if (!/^file:/i.test(url)) return undefined;
  const path = /^file:\/\/(?<path>\/[^?#]*)$/i.exec(url)?.groups?.["path"];
  const folder = path === undefined ? undefined : normalize(path);
  const places = local ? [...local.mounted, local.made] : [""];
  if (folder !== undefined && places.some((place) => isBelow(folder, place))) return folder;
  throw new OperatorError("BACKUP_TARGET_INVALID", `${url} is no folder below ${listed(places)}.`, {
    remedy: `Backups on this host lie below ${listed(places)}: mount a disk there, and name a folder on it in env.yml.`,
  });
}

const isBelow = (path: string, folder: string) => path.startsWith(`${folder}${sep}`) && path !== `${folder}${sep}`;

const listed = (places: readonly string[]) => places.join(", ").replace(/, (?=[^,]*$)/, " or ");

/**
 * Sees that the folder is there. A missing one is made only where nothing is mounted: elsewhere its disk is absent, and a backup onto
 * the disk below it would fill that, and be none on the day that it is needed.
 * @throws OperatorError `BACKUP_TARGET_UNREACHABLE`
 */
export async function requireLocalFolder(folder: string, local?: LocalPlaces): Promise<void> {
  try {
    if (local && isBelow(folder, local.made)) await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    if (!isSystemError(error, "ENOENT", "ENOTDIR", "EEXIST", "EACCES", "EIO", "ESTALE", "EHOSTDOWN")) throw error;
    throw notThere(folder, error);
  }
  throw notThere(folder);
}

function notThere(folder: string, cause?: unknown): OperatorError {
  return new OperatorError("BACKUP_TARGET_UNREACHABLE", `The folder ${folder} of a backup target is not there.`, {
    remedy: "Mount its disk (findmnt), or make the folder if the disk is there, then start the backup again.",
    cause,
  });
}

/** Bytes that this process may still write to the file system of `folder`. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
