import { join } from "node:path";
import { rsyncableGzip } from "../dump/rsyncable-gzip.ts";
import { writeStream, type Written } from "../dump/write-stream.ts";
import { CONTENT_FILES, STAGED_INDEX, type FolderRecord, type Manifest } from "../manifest/manifest.ts";
import { gunzipped } from "./gunzip.ts";
import { sumOfStored } from "./stored.ts";
import { withFileList, type ListDependencies } from "./list-files.ts";
import { mergeByPath } from "./merge.ts";
import { formatIndexed, NO_SUM, parseIndexed, readRecords, type IndexedFile, type ListedFile } from "./record.ts";
import { sumFile } from "./sum-file.ts";

export interface IndexOptions {
  signal?: AbortSignal;
  /** The manifest of the last backup, whose index is still in the folder. */
  last?: Manifest;
  /** Time for sums of new and changed files; those it does not reach get theirs in a later run. Default: no limit. */
  sumBudgetMs?: number;
  onProgress?: (done: { files: number; bytes: number }) => void;
}

export interface IndexOutcome {
  index: Written;
  folders: FolderRecord[];
  absent: string[];
  /** Places that could not be read: a backup of them is not whole. */
  unreadable: string[];
  /** Neither files nor links, such as sockets: not in the index. */
  others: number;
  /** What was read for its sum now; the others kept theirs. */
  summedNow: { files: number; bytes: number };
}

/** Files whose sums are made at the same time. */
const AT_ONCE = 16;

/** Compression costs more than it gives: half of the index are sums. */
const LEVEL = 1;

/**
 * Lists every file below `folders` of `root` with size, time, inode and sum, and stages the index in `folder` for
 * `writeManifest`. A file keeps its sum of the last index while size, time and inode are the same.
 * @throws OperatorError `BACKUP_FILES_UNREADABLE`, `BACKUP_DISK_FULL`.
 */
export async function indexFiles(
  root: string,
  folders: readonly string[],
  folder: string,
  deps: ListDependencies,
  options: IndexOptions = {},
): Promise<IndexOutcome> {
  const last = await lastIndex(folder, options.last);
  return withFileList(
    root,
    folders,
    deps,
    async ({ files, absent, unreadable }) => {
      const tally = createTally(folders);
      const summed = withSums(root, mergeByPath(files, last), tally, options);
      const source = rsyncableGzip(toChunks(summed), LEVEL);
      const index = await writeStream({ path: join(folder, STAGED_INDEX), mode: 0o640 }, source);
      return { index, absent, unreadable, ...tally.result() };
    },
    options.signal,
  );
}

/** The records of an index file, many at a time. */
export const readIndex = (path: string): AsyncGenerator<IndexedFile[]> => readRecords(gunzipped(path), parseIndexed);

/** An index that is not the one of its manifest is not believed: everything is summed anew then. */
async function lastIndex(folder: string, last: Manifest | undefined): Promise<AsyncIterable<IndexedFile[]>> {
  const path = join(folder, CONTENT_FILES.index);
  if (!last || (await sumOfStored(path)) !== last.index.sha256) return none();
  return readIndex(path);
}

// eslint-disable-next-line require-yield
async function* none(): AsyncGenerator<IndexedFile[]> {}

type Pair = [ListedFile, IndexedFile] | [ListedFile, undefined] | [undefined, IndexedFile];

/** Sums are made a few at a time, and the order stays. */
async function* withSums(root: string, pairs: AsyncIterable<Pair[]>, tally: Tally, options: IndexOptions) {
  const until = performance.now() + (options.sumBudgetMs ?? Infinity);
  for await (const batch of pairs) {
    const files: (IndexedFile | undefined)[] = [];
    const unread: { file: ListedFile; at: number }[] = [];
    for (const [file, known] of batch) {
      if (!file) continue;
      if (file.type !== "f" && file.type !== "l") tally.other();
      else if (known && known.sum !== NO_SUM && isUnchanged(file, known)) files.push(known);
      else unread.push({ file, at: files.push(undefined) - 1 });
    }
    tally.add(files);
    for (let from = 0; from < unread.length || from === 0; from += AT_ONCE) {
      options.signal?.throwIfAborted();
      const mayRead = performance.now() < until;
      const few = unread.slice(from, from + AT_ONCE);
      const now = await Promise.all(few.map(({ file }) => summed(root, file, mayRead, tally)));
      for (const [n, { at }] of few.entries()) files[at] = now[n];
      tally.add(now);
      options.onProgress?.(tally.done());
    }
    yield files.filter((file) => file !== undefined);
  }
}

/** Undefined for a file that is gone. */
async function summed(
  root: string,
  file: ListedFile,
  mayRead: boolean,
  tally: Tally,
): Promise<IndexedFile | undefined> {
  if (!mayRead) return { ...file, sum: NO_SUM };
  const sum = await sumFile(root, file);
  if (sum === undefined) return undefined;
  if (sum !== NO_SUM) tally.read(file.size);
  return { ...file, sum };
}

const isUnchanged = (a: ListedFile, b: ListedFile) =>
  a.size === b.size && a.modified === b.modified && a.inode === b.inode && a.type === b.type;

async function* toChunks(files: AsyncIterable<IndexedFile[]>): AsyncGenerator<Buffer> {
  for await (const batch of files) yield Buffer.from(batch.map(formatIndexed).join(""), "latin1");
}

type Tally = ReturnType<typeof createTally>;

function createTally(folders: readonly string[]) {
  const records = folders.map((path): FolderRecord => ({ path, files: 0, links: 0, bytes: 0, summed: 0 }));
  const below = records.map((record) => ({ record, prefix: `${record.path}/` }));
  const summedNow = { files: 0, bytes: 0 };
  let others = 0;
  const total = (of: "files" | "bytes") => records.reduce((sum, record) => sum + record[of], 0);
  const addOne = ({ path, size, type, sum }: IndexedFile) => {
    const record = below.find(({ prefix }) => path.startsWith(prefix) || path === prefix.slice(0, -1))?.record;
    if (!record) return;
    if (type === "l") record.links++;
    else record.files++;
    if (type === "f") record.bytes += size;
    if (type === "f" && sum !== NO_SUM) record.summed++;
  };
  return {
    other: () => void others++,
    read(bytes: number) {
      summedNow.files++;
      summedNow.bytes += bytes;
    },
    /** Those that are not gone. */
    add: (files: readonly (IndexedFile | undefined)[]) => files.forEach((file) => file && addOne(file)),
    done: () => ({ files: total("files"), bytes: total("bytes") }),
    result: () => ({ folders: records, others, summedNow }),
  };
}
