import { lstat, mkdir, rename, rm, rmdir } from "node:fs/promises";
import { isSystemError } from "@appliance/errors";
import { failure } from "./failures.ts";
import { below, entriesOf, firstFile, type Path } from "./walk.ts";

export interface Move {
  from: Path;
  to: Path;
  /** Where that goes which stands in the way. */
  aside: Path;
  /** Relative to the data, such as `etc/certificates`. */
  name: string;
  /** Folders that stay the ones they are, with their owner and rights, since containers have them mounted: what is in them is moved. */
  kept: ReadonlySet<string>;
  /** Whether files that stand in the way make way; otherwise they are an error. */
  mayReplace: boolean;
}

/**
 * Moves `from` to `to` by renames on one file system. It can be interrupted anywhere and done again: what is still at `from` is what is
 * still to be moved.
 * @throws OperatorError `RECOVERY_PLACE_IN_USE` for a file in the way that is not to be replaced.
 */
export async function moveIn(move: Move): Promise<void> {
  const { from, to, kept, name } = move;
  if (!(await isThere(from))) return;
  if (kept.has(name) && (await isFolder(from)) && (await isFolder(to))) return moveContent(move);
  if (await isThere(to)) await moveAside(move);
  await rename(from, to);
}

/** Moves everything that is in `folder` to `aside`, which can be interrupted and done again. */
export async function moveContentAside(folder: Path, aside: Path): Promise<void> {
  for (let moved = -1; moved !== 0;) {
    moved = 0;
    for await (const { name } of entriesOf(folder)) {
      await putAside(below(folder, name), below(aside, name));
      moved++;
    }
  }
}

async function moveContent(move: Move): Promise<void> {
  const { from, to, aside, name } = move;
  // A folder that changes while it is read may hide some of its entries, so it is read until it is empty.
  for (let moved = -1; moved !== 0;) {
    moved = 0;
    for await (const entry of entriesOf(from)) {
      const at = (place: Path) => below(place, entry.name);
      await moveIn({ ...move, from: at(from), to: at(to), aside: at(aside), name: `${name}/${entry.name.toString()}` });
      moved++;
    }
  }
  await rmdir(from);
}

async function moveAside({ to, aside, name, mayReplace }: Move): Promise<void> {
  const file = mayReplace ? undefined : await fileAt(to);
  if (file !== undefined)
    throw failure("RECOVERY_PLACE_IN_USE", `${name} is there${file === "" ? "" : `, with ${file}`}`);
  await putAside(to, aside);
}

async function putAside(path: Path, aside: Path): Promise<void> {
  // From a run that was interrupted behind this, after which somebody made the place again.
  await rm(aside, { recursive: true, force: true });
  await mkdir(parentOf(aside), { recursive: true, mode: 0o700 });
  await rename(path, aside);
}

/** A file at `path` itself is "". */
async function fileAt(path: Path): Promise<string | undefined> {
  return (await isFolder(path)) ? firstFile(path) : "";
}

const parentOf = (path: Path): Path => path.subarray(0, path.lastIndexOf("/"));

const isFolder = async (path: Path) => (await statOf(path))?.isDirectory() ?? false;
const isThere = async (path: Path) => (await statOf(path)) !== undefined;

async function statOf(path: Path) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
