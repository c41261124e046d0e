import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import { writeFileDurable } from "@appliance/files";
import * as z from "zod";
import { asDiskFailure, isOfSystem } from "../disk-failure.ts";
import { failure } from "../failures.ts";
import { sealed, unsealed, type Keys, type Kind } from "./seal.ts";

/** What stands in the folder of the dump. */
export const CONTENT_FILES = {
  dump: "ecs.pgdump.gz",
  /** One record a file, sorted; see `files/record.ts`. */
  index: "backup-files.gz",
  manifest: "backup-manifest.json",
} as const;

/** The index while its manifest is not written yet. */
export const STAGED_INDEX = `${CONTENT_FILES.index}.new`;

/** The dump while it is written. */
export const STAGED_DUMP = `.${CONTENT_FILES.dump}.new`;

const amount = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const StoredFile = z.object({ bytes: amount, sha256 });

const TableRows = z.object({ schema: z.string(), name: z.string(), rows: amount });
export type TableRows = z.infer<typeof TableRows>;

const DatabaseRecord = z.object({
  name: z.string(),
  /** Such as `17.2 (Debian 17.2-1)`. */
  server: z.string(),
  collate: z.string(),
  ctype: z.string(),
  /** On the server's disk. */
  bytes: amount,
  tables: z.array(TableRows),
});
export type DatabaseRecord = z.infer<typeof DatabaseRecord>;

const DumpRecord = StoredFile.extend({
  /** Before compression: what a restore needs as scratch space, and the total of the next dump's progress. */
  plainBytes: amount,
});
export type DumpRecord = z.infer<typeof DumpRecord>;

const FolderRecord = z.object({
  /** Relative to the root, such as `ecs-storage-vault`. */
  path: z.string(),
  files: amount,
  links: amount,
  bytes: amount,
  /** Files with a sum in the index. */
  summed: amount,
});
export type FolderRecord = z.infer<typeof FolderRecord>;

const ManifestBody = z.object({
  appliance: z.string(),
  /** The instant of the database's snapshot. */
  at: z.iso.datetime(),
  /** Of env.yml, `fingerprintEnv`. */
  env: sha256,
  database: DatabaseRecord,
  dump: DumpRecord,
  index: StoredFile,
  folders: z.array(FolderRecord),
});
/** What one backup consists of, as counted and summed when it was made. */
export type Manifest = z.infer<typeof ManifestBody>;

const MANIFEST: Kind<Manifest> = { format: "appliance-backup-manifest", version: 1, body: ManifestBody };

/** A longer one is none of ours: it holds a line for each table and folder, never for each file. */
const LARGEST = 16 * 1024 * 1024;

/**
 * Puts the staged index and then the manifest into `folder`, as the last step before the engine runs.
 * @throws OperatorError `BACKUP_DISK_FULL`, `DISK_FULL` or `FILE_NOT_WRITTEN`.
 */
export async function writeManifest(folder: string, manifest: Manifest, keys: Keys): Promise<void> {
  const text = sealed(MANIFEST, manifest, keys);
  const staged = join(folder, STAGED_INDEX);
  try {
    await rename(staged, join(folder, CONTENT_FILES.index));
  } catch (error) {
    throw asDiskFailure(staged, error);
  }
  await writeFileDurable(join(folder, CONTENT_FILES.manifest), text, { mode: 0o600 });
}

/**
 * The manifest in `folder`.
 * @throws OperatorError `MANIFEST_MISSING`, `MANIFEST_DAMAGED`, `MANIFEST_NEWER`, `MANIFEST_SEAL_WRONG`.
 */
export async function readManifest(folder: string, keys: Keys): Promise<Manifest> {
  const path = join(folder, CONTENT_FILES.manifest);
  return unsealed(MANIFEST, await readText(path), keys, path);
}

/** The last manifest, or undefined before the first backup. A damaged one is an error: silence would hide a loss. */
export async function readLastManifest(folder: string, keys: Keys): Promise<Manifest | undefined> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT")) return [] as string[];
    throw error;
  });
  return names.includes(CONTENT_FILES.manifest) ? readManifest(folder, keys) : undefined;
}

/** Removes from `folder` what a killed run left there, which the next index would list as files that then vanish. */
export async function clearUnfinished(folder: string): Promise<void> {
  for (const name of [STAGED_INDEX, STAGED_DUMP]) await rm(join(folder, name), { force: true });
}

/** Forgets the last manifest, when it is damaged or of another env.yml: the next backup sums everything anew. */
export async function forgetManifest(folder: string): Promise<void> {
  await rm(join(folder, CONTENT_FILES.manifest), { force: true });
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > LARGEST) throw failure("MANIFEST_DAMAGED", `${path} is larger than any manifest`);
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) throw failure("MANIFEST_MISSING", path, error);
    if (isOfSystem(error)) throw failure("MANIFEST_DAMAGED", path, error);
    throw error;
  }
}
