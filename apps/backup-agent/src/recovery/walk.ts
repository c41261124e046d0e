import { opendir } from "node:fs/promises";
import { isSystemError } from "@appliance/errors";

/** Names may hold any byte, so paths are bytes here. */
export type Path = Buffer;

export const below = (folder: Path | string, name: Path | string): Path =>
  Buffer.concat([Buffer.from(folder), Buffer.from("/"), Buffer.from(name)]);

/** The names in `folder` with whether each is a folder; none where there is no such folder. */
export async function* entriesOf(folder: Path): AsyncGenerator<{ name: Path; isFolder: boolean }> {
  // Types of Node know names as text alone; with this encoding they are bytes.
  const entries = await opendir(folder, { encoding: "buffer" as BufferEncoding }).catch((error: unknown) => {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  });
  if (!entries) return;
  for await (const entry of entries) yield { name: Buffer.from(entry.name), isFolder: entry.isDirectory() };
}

/** The path, below `folder`, of something in it that is no folder; undefined where there are only folders, or nothing. */
export async function firstFile(folder: Path | string): Promise<string | undefined> {
  const waiting: Path[] = [Buffer.from(folder)];
  for (let next = waiting.pop(); next; next = waiting.pop())
    for await (const { name, isFolder } of entriesOf(next)) {
      const path = below(next, name);
      if (!isFolder) return path.subarray(Buffer.byteLength(folder) + 1).toString();
      waiting.push(path);
    }
  return undefined;
}
