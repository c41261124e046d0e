import { randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ensureDirectory, withFolderInRoot, writeFileDurable } from "@appliance/files";

/** In the host's memory, not on its disk; read by root alone. */
const FOLDER = "/run/appliance/host";

/** A program reads its file when it starts. */
const LONGEST_START_MS = 3_600_000;

/** Calls `work` with the path, on the host, of a file with `content` that only root reads and that is gone afterwards. */
export async function withPrivateFile<T>(
  root: string,
  content: string,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const name = randomBytes(8).toString("hex");
  await withFolderInRoot(root, "/run", { symlinks: [] }, async (run) => {
    await ensureDirectory(join(run, "appliance/host"), { mode: 0o700 });
    await removeOld(join(run, "appliance/host"));
    await writeFileDurable(join(run, "appliance/host", name), content, { mode: 0o600 });
  });
  try {
    return await work(`${FOLDER}/${name}`);
  } finally {
    await withFolderInRoot(root, FOLDER, { symlinks: [] }, (folder) => rm(join(folder, name), { force: true }));
  }
}

/** What an agent left there that was killed meanwhile. */
async function removeOld(folder: string) {
  for (const path of (await readdir(folder)).map((name) => join(folder, name))) {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > LONGEST_START_MS) await rm(path, { force: true });
  }
}
