import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { isSystemError, OperatorError } from "@appliance/errors";
import { resolveOnHost, type ResolveOptions } from "./resolve-in-root.ts";

/**
 * Calls `work` with a path of the existing folder `path` of the host seen through `root`. The folder is held open: whoever
 * swaps a part of its path for a symlink meanwhile moves nothing of what `work` does to another place.
 * @throws OperatorError `PATH_REFUSED` or `PATH_MISSING`, as `resolveInRoot`, or `PATH_REFUSED` when it changed meanwhile.
 */
export async function withFolderInRoot<T>(
  root: string,
  path: string,
  options: Pick<ResolveOptions, "symlinks">,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const resolved = await resolveOnHost(root, path, options);
  const handle = await openWithoutSymlinks(root, resolved.split("/"), path);
  try {
    return await work(through(handle));
  } catch (error) {
    throw naming(resolved, through(handle), error);
  } finally {
    await handle.close();
  }
}

/** An operator knows the folder by its name, not by the number of our handle. */
function naming(folder: string, handlePath: string, error: unknown): unknown {
  if (!(error instanceof OperatorError) || !error.message.includes(`${handlePath}/`)) return error;
  const message = error.message.replaceAll(`${handlePath}/`, folder === "/" ? "/" : `${folder}/`);
  return new OperatorError(error.code, message, { remedy: error.remedy, cause: error.cause });
}

/** The kernel leads such a path to the open folder itself, wherever that is now: openat(2) for Node. */
const through = (handle: FileHandle) => `/proc/self/fd/${handle.fd}`;

async function openWithoutSymlinks(root: string, parts: string[], path: string): Promise<FileHandle> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  let handle = await open(`${root}/`, O_RDONLY | O_DIRECTORY);
  for (const part of parts.filter((name) => name !== "")) {
    const parent = handle;
    try {
      handle = await open(`${through(parent)}/${part}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      throw asChanged(path, error);
    } finally {
      await parent.close();
    }
  }
  return handle;
}

function asChanged(path: string, error: unknown): unknown {
  if (!isSystemError(error, "ELOOP", "ENOTDIR", "ENOENT")) return error;
  return new OperatorError("PATH_REFUSED", `${path} is not used: it is not a folder, or it changed meanwhile`, {
    remedy: "Look who changes that path, then try again.",
    cause: error,
  });
}
