import type { Stats } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { isSystemError, OperatorError } from "@appliance/errors";

export interface ResolveOptions {
  /** `refuse` (default): every part must exist. `allow`: from some part on the path may be new. */
  missing?: "refuse" | "allow";
  /** `follow` (default), or the absolute paths, inside the root, of the only symlinks that may stand on the way. */
  symlinks?: "follow" | readonly string[];
}

/** As in the kernel (path_resolution(7)). */
const MOST_SYMLINKS = 40;

/**
 * Where `path`, absolute on a host, lies below `root`, the folder through which that host is seen (such as `/proc/1/root`).
 *
 * The kernel would follow the host's `/app/etc -> /data/etc` into *our own* `/data/etc`. So each part is looked at by itself:
 * an absolute symlink starts again at `root`, and `..` at `root` stays there. The result holds no symlink at the time of looking.
 * @throws OperatorError `PATH_REFUSED` (relative, NUL, a symlink that is not allowed, a loop, a file in the middle) or
 * `PATH_MISSING`.
 */
export async function resolveInRoot(root: string, path: string, options: ResolveOptions = {}): Promise<string> {
  const base = root.replace(/\/+$/, "");
  return base + (await resolveOnHost(root, path, options));
}

/** As `resolveInRoot`, but what the host itself calls that place: an absolute path without symlinks. */
export async function resolveOnHost(root: string, path: string, options: ResolveOptions = {}): Promise<string> {
  if (!path.startsWith("/")) throw refused(path, "it is not absolute");
  if (path.includes("\0")) throw refused(path, "it holds a NUL byte");
  const todo = path.split("/");
  const done: string[] = [];
  let followed = 0;
  for (let part = todo.shift(); part !== undefined; part = todo.shift()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const here = `/${[...done, part].join("/")}`;
    const found = await look(root + here);
    if (!found && options.missing !== "allow") throw missing(path, here);
    if (!found?.isSymbolicLink()) {
      if (found && !found.isDirectory() && todo.some(isName)) throw refused(path, `${here} is not a folder`);
      done.push(part);
      continue;
    }
    if (!mayFollow(here, options)) throw refused(path, `${here} is a symlink`);
    if (++followed > MOST_SYMLINKS) throw refused(path, "its symlinks lead in a circle");
    const target = await readlink(root + here);
    if (target.startsWith("/")) done.length = 0;
    todo.unshift(...target.split("/"));
  }
  return `/${done.join("/")}`;
}

const isName = (part: string) => part !== "" && part !== ".";
const mayFollow = (link: string, { symlinks = "follow" }: ResolveOptions) =>
  symlinks === "follow" || symlinks.includes(link);

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    // ENOTDIR: below a part that is new, or a file that was refused already.
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

const refused = (path: string, why: string) =>
  new OperatorError("PATH_REFUSED", `${path} is not used: ${why}`, { remedy: "Name another path." });

const missing = (path: string, part: string) =>
  new OperatorError(
    "PATH_MISSING",
    part === path ? `${path} does not exist` : `${path} does not exist: there is no ${part}`,
    {
      remedy: "Create it or name another path.",
    },
  );
