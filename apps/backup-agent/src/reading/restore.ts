import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { isSystemError, OperatorError } from "@appliance/errors";
import type { BackupProgress, BackupRestore, Work } from "@appliance/jobs";
import { toBackupPoint } from "./points.ts";
import { withPoint, type ReadDeps } from "./choose-point.ts";

export interface RestoreDeps extends ReadDeps {
  volatileDir: string;
}

/** Who asked moves it away at once; what nobody moved takes space that the next drill needs. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/**
 * `backup.restore`: paths of a backup into a folder of their own below `volatileDir`, whole or not at all. Asked for again under its id
 * it begins anew.
 */
export function createRestore(deps: RestoreDeps): Work<typeof BackupRestore> {
  const folder = join(deps.volatileDir, "restored");
  return async ({ target, paths, at }, { id, signal, progress }) => {
    const wanted = paths.map(toPath);
    await clearLeftovers(folder, deps.now());
    const into = join(folder, id);
    await rm(into, { recursive: true, force: true });
    await mkdir(into, { recursive: true, mode: 0o700 });
    try {
      const choice = { target, at: at === null ? null : new Date(at) };
      return await withPoint(
        choice,
        deps,
        async ({ target: { name }, point, engine }) => {
          const onProgress = (done: BackupProgress["done"]) => progress(progressOf(name, done));
          onProgress({ files: 0, bytes: 0 });
          const restored = await engine.restore({ pointId: point.id, paths: wanted, into, onProgress, signal });
          return { target: name, point: toBackupPoint(point), folder: into, ...restored };
        },
        signal,
      );
    } catch (err) {
      await rm(into, { recursive: true, force: true });
      throw err;
    }
  };
}

const progressOf = (target: string, done: BackupProgress["done"]): BackupProgress => ({
  sentence: `Restoring from ${target}`,
  done,
  total: null,
  secondsLeft: null,
});

/** A path as the engines know it. `/data` may stand before it, as it does on the host. */
function toPath(path: string): string {
  const below = path.replace(/^\/data\/+/, "").replace(/\/+$/, "");
  const odd = below === "" || isAbsolute(below) || normalize(below) !== below || below.startsWith("..");
  if (!odd) return below;
  throw new OperatorError("BACKUP_PATH_INVALID", `${JSON.stringify(path)} is no path below /data.`, {
    remedy: "Give one as `appliance backup show` lists it, such as ecs-storage-vault/2026.",
  });
}

async function clearLeftovers(folder: string, now: Date): Promise<void> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (now.getTime() - mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (err) {
    if (isSystemError(err, "ENOENT")) return [];
    throw err;
  }
}
