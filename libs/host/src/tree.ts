import { lstat, readdir, readlink, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isSystemError, OperatorError } from "@appliance/errors";
import { ensureDirectory, resolveOnHost, switchSymlink, withFolderInRoot } from "@appliance/files";
import { resolveOwner } from "./accounts.ts";
import { makeParent } from "./files.ts";
import type { FoundEntry, HostFiles } from "./host.ts";
import { assertRemovable, assertWritable, OWN_SYMLINKS } from "./path-rules.ts";
import { isMissing, readBytesInRoot } from "./read-in-root.ts";

const MODE_BITS = 0o7777;

type Tree = Pick<HostFiles, "look" | "read" | "owner" | "makeFolder" | "link" | "remove">;

/** Folders, symlinks and the end of files; as `createHostFiles`, never outside of `root`. */
export function createHostTree(root: string): Tree {
  const look = async (path: string) => lookAt(root + (await placeOf(root, path)));
  return {
    look,
    async read(path) {
      const found = await look(path);
      if (found.type === "missing") return undefined;
      if (found.type !== "file") throw occupied(path, found);
      return readBytesInRoot(root, await placeOf(root, path));
    },
    owner: (owner) => resolveOwner(root, owner),
    makeFolder: (path, attributes) =>
      inParent(root, path, async (at) => {
        const found = await lookAt(at);
        if (found.type !== "missing" && found.type !== "folder") throw occupied(path, found);
        return ensureDirectory(at, attributes);
      }),
    link: (path, target) =>
      inParent(root, path, async (at) => {
        const found = await lookAt(at);
        if (found.type !== "missing" && found.type !== "link") throw occupied(path, found);
        return switchSymlink(at, target);
      }),
    async remove(path) {
      assertRemovable(path);
      assertRemovable(await placeOf(root, path));
      if ((await look(path)).type === "missing") return false;
      return inParent(root, path, async (at) => {
        await refuseMounts(at, (await stat(dirname(at))).dev, path);
        await rm(at, { recursive: true, force: true });
        return true;
      });
    },
  };
}

/** Where the entry itself lies: symlinks are only followed on the way, and only the appliance's own. */
async function placeOf(root: string, path: string): Promise<string> {
  assertWritable(path);
  const parent = await resolveOnHost(root, dirname(path), { symlinks: OWN_SYMLINKS, missing: "allow" });
  const place = join(parent, basename(path));
  assertWritable(place);
  return place;
}

async function inParent<T>(root: string, path: string, work: (at: string) => Promise<T>): Promise<T> {
  const place = await placeOf(root, path);
  await makeParent(root, dirname(place));
  return withFolderInRoot(root, dirname(place), { symlinks: [] }, (folder) => work(join(folder, basename(place))));
}

async function lookAt(path: string): Promise<FoundEntry> {
  try {
    const stats = await lstat(path);
    if (stats.isSymbolicLink()) return { type: "link", target: await readlink(path) };
    const type = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
    return { type, mode: stats.mode & MODE_BITS, uid: stats.uid, gid: stats.gid };
  } catch (error) {
    if (isMissing(error) || isSystemError(error, "ENOTDIR")) return { type: "missing" };
    throw error;
  }
}

/** What is mounted below a folder is not part of it: a backup's target, a volume of data. */
async function refuseMounts(path: string, device: number, name: string): Promise<void> {
  const stats = await lstat(path);
  if (stats.dev !== device)
    throw new OperatorError("PATH_REFUSED", `${name} is not removed: another file system is mounted there`, {
      remedy: "Unmount it first, or name another path.",
    });
  if (!stats.isDirectory()) return;
  for (const child of await readdir(path)) await refuseMounts(join(path, child), device, name);
}

const occupied = (path: string, { type }: FoundEntry) =>
  new OperatorError(
    "PATH_REFUSED",
    `${path} is not changed: a ${type === "other" ? "device or pipe" : type} stands there`,
    {
      remedy: "Remove what stands there or name another path.",
    },
  );
