import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureDirectory, withFolderInRoot, writeFileDurable } from "@appliance/files";

/** In the host's memory, not on its disk; read by root alone. */
const FOLDER = "/run/appliance/host";

/** Calls `work` with the path, on the host, of a file with `content` that only root reads and that is gone afterwards. */
export async function withPrivateFile<T>(
  root: string,
  content: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const name = randomBytes(8).toString("hex");
  await withFolderInRoot(root, "/run", { symlinks: [] }, async (run) => {
    await ensureDirectory(join(run, "appliance/host"), { mode: 0o700 });
    await writeFileDurable(join(run, "appliance/host", name), content, { mode: 0o600 });
  });
  try {
    return await work(`${FOLDER}/${name}`);
  } finally {
    await withFolderInRoot(root, FOLDER, { symlinks: [] }, (folder) => rm(join(folder, name), { force: true }));
  }
}
