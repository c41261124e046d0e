import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "@appliance/files";
import { asDiskFailure } from "../disk-failure.ts";

export interface Written {
  bytes: number;
  sha256: string;
}

export interface StreamFile {
  path: string;
  mode: number;
}

/**
 * Writes `source` as the new file `path`, all of it on disk when it returns; a file that stood there is replaced at once.
 * Half-written files are removed.
 * @throws OperatorError `BACKUP_DISK_FULL`
 */
export async function writeStream({ path, mode }: StreamFile, source: AsyncIterable<Uint8Array>): Promise<Written> {
  await rm(path, { force: true });
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    try {
      const hash = createHash("sha256");
      let bytes = 0;
      for await (const part of source) {
        await file.appendFile(part);
        hash.update(part);
        bytes += part.length;
      }
      await file.sync();
      return { bytes, sha256: hash.digest("hex") };
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw asDiskFailure(path, error);
  }
}

/** Gives the finished file `from` the name `to`, in the same folder, durably. */
export async function publish(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}
