import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isSystemError, OperatorError } from "@appliance/errors";
import {
  ensureDirectory,
  resolveInRoot,
  resolveOnHost,
  withFolderInRoot,
  writeFileDurable,
  type FileAttributes,
} from "@appliance/files";
import { resolveOwner } from "./accounts.ts";
import type { HostFiles, ObservedFile, WantedFile } from "./host.ts";
import { assertWritable, OWN_SYMLINKS } from "./path-rules.ts";
import { isMissing } from "./read-in-root.ts";

const MODE_BITS = 0o7777;

/** Files of the host, reached through `root` and never outside of it. */
export function createHostFiles(root: string): Pick<HostFiles, "observe" | "compare" | "write"> {
  return {
    observe: async (path) => {
      try {
        return await observeAt(await resolveInRoot(root, path, { symlinks: OWN_SYMLINKS }));
      } catch (error) {
        if (isMissing(error)) return { type: "missing" };
        throw error;
      }
    },
    compare: async (file) => {
      const { path, attributes } = await locate(root, file);
      const observed = await observeAt(join(root, path));
      if (observed.type === "missing") return "missing";
      if (observed.type === "other") throw notRegular(path);
      return isSame(observed, file.content, attributes) ? "same" : "different";
    },
    write: async (file) => {
      const { path, attributes } = await locate(root, file);
      return replaceInRoot(root, path, file.content, attributes);
    },
  };
}

/** Where a wanted file lies on the host, and for whom. */
async function locate(root: string, file: WantedFile): Promise<{ path: string; attributes: FileAttributes }> {
  assertWritable(file.path);
  const path = await resolveOnHost(root, file.path, { symlinks: OWN_SYMLINKS, missing: "allow" });
  assertWritable(path);
  return { path, attributes: { mode: file.mode, ...(await resolveOwner(root, file.owner)) } };
}

/**
 * Puts `content` at a resolved path of the host unless it stands there already. Missing folders are made as root's, 0755.
 * @throws OperatorError `PATH_REFUSED` when anything but a regular file stands there.
 */
export async function replaceInRoot(
  root: string,
  path: string,
  content: string | Uint8Array,
  attributes: FileAttributes,
) {
  await makeParent(root, dirname(path));
  return withFolderInRoot(root, dirname(path), { symlinks: [] }, async (folder) => {
    const target = join(folder, basename(path));
    const observed = await observeAt(target);
    if (observed.type === "other") throw notRegular(path);
    if (observed.type === "file" && isSame(observed, content, attributes)) return false;
    await replace(target, content, attributes);
    return true;
  });
}

function notRegular(path: string): OperatorError {
  return new OperatorError("PATH_REFUSED", `${path} is not written: no regular file stands there`, {
    remedy: "Remove what stands there or name another path.",
  });
}

export async function makeParent(root: string, folder: string) {
  try {
    await resolveInRoot(root, folder, { symlinks: [] });
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeParent(root, dirname(folder));
    await withFolderInRoot(root, dirname(folder), { symlinks: [] }, (parent) =>
      ensureDirectory(join(parent, basename(folder)), { mode: 0o755 }),
    );
  }
}

/** A file that is a mount of its own, as /etc/hosts is in a container, cannot be replaced, only written anew. */
async function replace(target: string, content: string | Uint8Array, attributes: FileAttributes) {
  try {
    await writeFileDurable(target, content, attributes);
  } catch (error) {
    if (!(error instanceof OperatorError && isSystemError(error.cause, "EBUSY"))) throw error;
    await rewrite(target, content, attributes);
  }
}

async function rewrite(target: string, content: string | Uint8Array, { mode, uid, gid }: FileAttributes) {
  const file = await open(target, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
  try {
    await file.writeFile(content);
    if (uid !== undefined && gid !== undefined) await file.chown(uid, gid);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function observeAt(path: string): Promise<ObservedFile> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile()) return { type: "other" };
    const { size, uid, gid } = stats;
    return { type: "file", sha256: await hashOf(path), size, mode: stats.mode & MODE_BITS, uid, gid };
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return { type: "missing" };
    throw error;
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  // What was a file a moment ago may be a pipe by now, which must not hold us up.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await pipeline(file.createReadStream({ autoClose: false }), hash);
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

function isSame(observed: ObservedFile & { type: "file" }, content: string | Uint8Array, wanted: FileAttributes) {
  return (
    observed.mode === wanted.mode &&
    observed.uid === (wanted.uid ?? observed.uid) &&
    observed.gid === (wanted.gid ?? observed.gid) &&
    observed.sha256 === createHash("sha256").update(content).digest("hex")
  );
}
