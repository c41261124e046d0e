import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import { switchSymlink, targetOf } from "./switch-symlink.ts";
import { asWriteFailure } from "./write-failure.ts";
import {
  removeLeftovers,
  syncFolder,
  temporaryBeside,
  writeSynced,
  type FileAttributes,
} from "./write-file-durable.ts";

export interface GenerationFile extends FileAttributes {
  data: string | Uint8Array;
}

const CURRENT = "current";
const GENERATION = /^gen-[0-9a-f]{16}$/;

/** Beside the current one and the one before it, which a reader that refuses the new one serves on, also after a restart. */
const KEPT_OLDER = 1;

/**
 * Publishes `files` as one set: `folder/current` points to a folder `gen-ID` that holds exactly them, and readers see the
 * old set or the new one, never a mixture. The id is made from the content: with the same files nothing happens.
 * `folder` must exist and have one writer at a time. Returns the name of the generation.
 * @throws OperatorError `DISK_FULL` or `FILE_NOT_WRITTEN`; the old set then stays in service.
 */
export async function publishGeneration(folder: string, files: ReadonlyMap<string, GenerationFile>): Promise<string> {
  for (const name of files.keys()) assertPlainName(name);
  const generation = nameOf(files);
  const current = join(folder, CURRENT);
  try {
    const before = await targetOf(current);
    if (before === generation) return generation;
    await removeLeftovers(folder);
    await writeGeneration(join(folder, generation), files);
    await switchSymlink(current, generation);
    await prune(folder, [generation, before]);
  } catch (error) {
    throw asWriteFailure(folder, error);
  }
  return generation;
}

function assertPlainName(name: string) {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name))
    throw new TypeError(`not a file name: ${name}`);
}

function nameOf(files: ReadonlyMap<string, GenerationFile>): string {
  const hash = createHash("sha256");
  const byName = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { data, mode, uid, gid }] of byName) {
    // The length keeps the end of one file apart from the head of the next.
    hash.update(JSON.stringify([name, mode, uid ?? null, gid ?? null, Buffer.byteLength(data)]));
    hash.update(data);
  }
  return `gen-${hash.digest("hex").slice(0, 16)}`;
}

/** A folder with the name of a generation is always whole: it gets the name last. */
async function writeGeneration(target: string, files: ReadonlyMap<string, GenerationFile>) {
  if (await exists(target)) return;
  const temporary = temporaryBeside(target);
  try {
    await mkdir(temporary, 0o700);
    for (const [name, { data, ...attributes }] of files) await writeSynced(join(temporary, name), data, attributes);
    await chmod(temporary, 0o755); // the files guard themselves, their readers run as other users
    await syncFolder(temporary);
    await rename(temporary, target);
    await syncFolder(join(target, ".."));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
}

async function prune(folder: string, inUse: readonly (string | undefined)[]) {
  const others = (await readdir(folder)).filter((name) => GENERATION.test(name) && !inUse.includes(name));
  const dated = await Promise.all(
    others.map(async (name) => ({ path: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })),
  );
  const newestFirst = dated.sort((a, b) => b.at - a.at);
  for (const { path } of newestFirst.slice(KEPT_OLDER)) await rm(path, { recursive: true, force: true });
}
