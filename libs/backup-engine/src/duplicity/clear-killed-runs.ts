import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";

/** Folders of duplicity for volumes and signatures in the making, and ours for files that were fetched. */
const OF_ONE_RUN = /^(?:duplicity-\w+-tempdir|fetched-\w+)$/;

/** Removes what killed runs left in `folders`: volumes, and what was decrypted of them. Nothing runs there while an engine opens. */
export async function clearKilledRuns(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    for (const name of await namesIn(folder))
      if (OF_ONE_RUN.test(name)) await rm(join(folder, name), { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}
