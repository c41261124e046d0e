import { createReservoir } from "./reservoir.ts";
import { pathBytes, type IndexedFile } from "./record.ts";

export interface SampleLimits {
  /** The folder whose content is sampled, relative to the root. */
  from: string;
  /** What the sample may take on disk. */
  bytes: number;
  /** How many paths it may have. */
  paths: number;
  /** A number from 0 to 1, as Math.random gives it. */
  chance: () => number;
}

/** What a file takes beside its content: an inode, and what is left of its last block. */
export const BYTES_A_FILE = 4096;

interface Item {
  path: string;
  bytes: number;
}

/**
 * Chooses by chance what of a backup is restored where there is no room for all of it: whole folders and files right below `from`,
 * or single files where not one of those has room. Holds no more than `paths` of either, however long the index is.
 * @returns paths relative to the root, in no order; none where nothing has room
 */
export async function chooseSample(files: AsyncIterable<IndexedFile[]>, limits: SampleLimits): Promise<string[]> {
  const folders = createReservoir<Item>(limits.paths, limits.chance);
  const single = createReservoir<Item>(limits.paths, limits.chance);
  let folder: Item | undefined;
  const prefix = `${limits.from}/`;
  const offer = ({ path, size }: IndexedFile) => {
    if (!path.startsWith(prefix)) return;
    const bytes = size + BYTES_A_FILE;
    if (bytes <= limits.bytes) single.offer({ path, bytes });
    const name = nameBelow(path, limits.from);
    if (folder?.path === name) folder.bytes += bytes;
    else {
      if (folder && folder.bytes <= limits.bytes) folders.offer(folder);
      folder = { path: name, bytes };
    }
  };
  for await (const batch of files) batch.forEach(offer);
  if (folder && folder.bytes <= limits.bytes) folders.offer(folder);
  const chosen = fill(folders.chosen(), limits);
  return chosen.length > 0 ? chosen : fill(single.chosen(), limits);
}

/** The index is sorted, so all that a folder holds comes in one piece. */
function nameBelow(path: string, from: string): string {
  const end = path.indexOf("/", from.length + 1);
  return end === -1 ? path : path.slice(0, end);
}

function fill(items: readonly Item[], { bytes, chance }: SampleLimits): string[] {
  let left = bytes;
  const fitting = shuffled(items, chance).filter((item) => {
    const fits = item.bytes <= left && isPlain(item.path);
    if (fits) left -= item.bytes;
    return fits;
  });
  return fitting.map(({ path }) => pathBytes(path).toString("utf8"));
}

function shuffled(items: readonly Item[], chance: () => number): Item[] {
  return items
    .map((item) => ({ item, at: chance() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** An engine takes no other paths than text, and an index that was tampered with is not to lead anywhere else. */
function isPlain(path: string): boolean {
  const text = pathBytes(path).toString("utf8");
  return Buffer.from(text).equals(pathBytes(path)) && !text.split("/").includes("..");
}
