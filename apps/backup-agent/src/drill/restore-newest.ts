import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import {
  chooseSample,
  CONTENT_FILES,
  readIndex,
  readManifest,
  type Keys,
  type Manifest,
} from "@appliance/backup-content";
import { newestPoint, type Amount, type BackupEngine, type Point } from "@appliance/backup-engine";
import { isSystemError, OperatorError } from "@appliance/errors";
import { DUMPS, VAULT } from "../contents.ts";
import { planDrill, planLegacyDrill, type DrillPlan } from "./plan-drill.ts";

export interface RestoreTools {
  keys: Keys;
  /** Bytes that may be written where it is restored. */
  freeBytes: () => Promise<number>;
  /** How many paths of the vault a sample has at most: duplicity reads the target anew for each. */
  samplePaths: number;
  /** Whether a backup without manifest may be one of an older system. */
  mayBeLegacy: boolean;
  chance: () => number;
  now: Date;
  signal: AbortSignal;
  onProgress: (done: Amount, total: Amount | null) => void;
}

/** The last backup of a target, on this disk. */
export interface Restored {
  root: string;
  point: Point;
  /** Undefined for a backup of an older system. */
  manifest: Manifest | undefined;
  partial: boolean;
  restoreMs: number;
}

/**
 * Restores the last backup below `folder`, as a recovery does, or a sample of it where space is short. The manifest comes first: it says
 * how much there is.
 * @throws OperatorError of the engine, of `readManifest`, and `DRILL_SPACE_SHORT`
 */
export async function restoreNewest(engine: BackupEngine, folder: string, tools: RestoreTools): Promise<Restored> {
  const { signal } = tools;
  const point = newestPoint(await engine.list({ signal }), tools.now);
  if (!point) throw nothingThere();
  const manifest = await firstLook(engine, point, join(folder, "manifest"), tools);
  const freeBytes = await tools.freeBytes();
  const plan = manifest
    ? planDrill({ manifest, freeBytes })
    : planLegacyDrill({ storedBytes: (await engine.usage({ signal })).stored.bytes, freeBytes });
  const total = manifest && plan.extent === "whole" ? amountOf(manifest) : null;
  const root = join(folder, "data");
  const startedAt = performance.now();
  const restore = (into: string, paths?: readonly string[]) =>
    engine.restore({
      pointId: point.id,
      into,
      signal,
      ...(paths ? { paths } : {}),
      onProgress: (done) => tools.onProgress(done, total),
    });
  if (plan.extent === "whole") await restore(root);
  else await restoreSample(plan, { root, aside: join(folder, "vault") }, restore, manifest, tools);
  const restoreMs = performance.now() - startedAt;
  return { root, point, manifest, partial: plan.extent === "sample", restoreMs };
}

function nothingThere(): OperatorError {
  return new OperatorError("BACKUP_NOT_FOUND", "The target holds no backup that could be restored.", {
    remedy: "Make one with `appliance backup run`.",
  });
}

/** The manifest of the point; undefined where it has none and need not have one. */
async function firstLook(
  engine: BackupEngine,
  point: Point,
  into: string,
  { keys, mayBeLegacy, signal }: RestoreTools,
): Promise<Manifest | undefined> {
  try {
    await engine.restore({ pointId: point.id, paths: [`${DUMPS}/${CONTENT_FILES.manifest}`], into, signal });
  } catch (error) {
    if (mayBeLegacy && isSystemError(error, "BACKUP_PATH_NOT_FOUND")) return undefined;
    throw error;
  }
  return readManifest(join(into, DUMPS), keys);
}

type Restore = (into: string, paths: readonly string[]) => Promise<Amount>;

/** The list of files comes with the dump; of the vault is taken what has room. */
async function restoreSample(
  { paths, vaultBytes }: Extract<DrillPlan, { extent: "sample" }>,
  { root, aside }: { root: string; aside: string },
  restore: Restore,
  manifest: Manifest | undefined,
  { samplePaths, chance }: RestoreTools,
): Promise<void> {
  await restore(root, paths);
  if (!manifest) return;
  const files = readIndex(join(root, DUMPS, CONTENT_FILES.index));
  const chosen = await chooseSample(files, { from: VAULT, bytes: vaultBytes, paths: samplePaths, chance });
  if (chosen.length > 0) await restore(aside, chosen);
  else await mkdir(join(aside, VAULT), { recursive: true });
  await rename(join(aside, VAULT), join(root, VAULT));
}

function amountOf({ folders }: Manifest): Amount {
  const sum = (of: "files" | "bytes") => folders.reduce((total, folder) => total + folder[of], 0);
  return { files: sum("files"), bytes: sum("bytes") };
}
