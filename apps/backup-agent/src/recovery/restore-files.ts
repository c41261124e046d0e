import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { checkFiles, CONTENT_FILES, deriveKeys, readManifest, type Manifest } from "@appliance/backup-content";
import type { Amount } from "@appliance/backup-engine";
import { isSystemError } from "@appliance/errors";
import { DUMPS, VAULT } from "../contents.ts";
import { failure } from "./failures.ts";
import { createMeter, say } from "./progress.ts";
import type { Recovery } from "./recovery.ts";

/** Restores everything of the point into the recovery's own folder, from the beginning: what a killed run left there is not trusted. */
export async function restoreFiles({ journal, places, deps, signal }: Recovery): Promise<{ restored: Amount }> {
  const { target: name, point, total } = journal.record();
  const sentence = `Restoring the files from ${name}`;
  say(deps.report, sentence);
  await rm(places.files, { recursive: true, force: true });
  const onProgress = createMeter(deps.report, sentence, total);
  const [target] = await deps.targets.chosen(name);
  const restored = await deps.targets.use(
    target!,
    (engine) => engine.restore({ pointId: point.id, into: places.files, onProgress, signal }),
    signal,
  );
  await requireContent(places.files);
  return { restored };
}

async function requireContent(files: string) {
  for (const path of [VAULT, join(DUMPS, CONTENT_FILES.dump)])
    await lstat(join(files, path)).catch((error: unknown) => {
      if (isSystemError(error, "ENOENT", "ENOTDIR")) throw failure("RECOVERY_CONTENT_MISSING", path, error);
      throw error;
    });
}

/** The manifest as it was restored; null for a backup of an older system. */
export async function restoredManifest({ journal, places, deps }: Recovery): Promise<Manifest | null> {
  if (!journal.record().hasManifest) return null;
  return readManifest(join(places.files, DUMPS), deriveKeys(...(await deps.slice()).sealSecrets));
}

/**
 * Compares names, sizes and sums of everything with the manifest, and sees that it is on disk. Without a manifest the engine's own
 * sums have to do, and the files get the owner that this host gives them.
 * @throws OperatorError `PROOF_FILES_DIFFER`
 */
export async function checkRestoredFiles(recovery: Recovery): Promise<{ restored?: Amount }> {
  const { places, deps, signal } = recovery;
  const manifest = await restoredManifest(recovery);
  if (!manifest) {
    say(deps.report, "The backup is of an older system and has no manifest: the files are those of its own sums");
    await giveToApplication(recovery);
    await writeBack(recovery, places.files);
    return {};
  }
  say(deps.report, "Comparing the files with the manifest");
  const lists = { run: deps.run, temporary: join(deps.volatileDir, "lists") };
  const options = { signal, chance: Math.random, documents: { from: VAULT, count: 0 } };
  const { comparison, fault } = await checkFiles(places.files, DUMPS, manifest, lists, options);
  if (fault) throw fault;
  await writeBack(recovery, places.files);
  return comparison ? { restored: { files: comparison.found, bytes: comparison.bytes } } : {};
}

const CHOWN_MS = 3_600_000;

/** The older system gave documents to another number than this one does; what is right is what the prepared folder has. */
async function giveToApplication({ places, deps, signal }: Recovery) {
  for (const folder of [VAULT, "ecs-ca"]) {
    const [prepared, restored] = await Promise.all(
      [deps.dataDir, places.files].map((root) => ownerOf(join(root, folder))),
    );
    if (!prepared || !restored) continue;
    const args = ["--recursive", "--no-dereference", "--", prepared, join(places.files, folder)];
    await deps.run("chown", args, { timeoutMs: CHOWN_MS, signal });
  }
}

async function ownerOf(path: string): Promise<string | undefined> {
  try {
    const { uid, gid } = await lstat(path);
    return `${uid}:${gid}`;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

const SYNC_MS = 3_600_000;

/** Everything of the file system that `path` is on is on disk when this returns: no program of an engine sees to that. */
export async function writeBack({ deps }: Pick<Recovery, "deps">, path: string): Promise<void> {
  await deps.run("sync", ["--file-system", "--", path], { timeoutMs: SYNC_MS });
}
