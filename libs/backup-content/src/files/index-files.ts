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

/** The records of an index file. */
export async function* readIndex(path: string): AsyncGenerator<IndexedFile> {
  for await (const record of readRecords(gunzipped(path))) yield parseIndexed(record);
}

/** An index that is not the one of its manifest is not believed: everything is summed anew then. */
async function lastIndex(folder: string, last: Manifest | undefined): Promise<AsyncIterable<IndexedFile>> {
  const path = join(folder, CONTENT_FILES.index);
  if (!last || (await sumOfStored(path)) !== last.index.sha256) return none();
  return readIndex(path);
}

// eslint-disable-next-line require-yield
async function* none(): AsyncGenerator<IndexedFile> {}

type Pair = [ListedFile, IndexedFile] | [ListedFile, undefined] | [undefined, IndexedFile];

/** Sums are made a few at a time, and the order stays. */
async function* withSums(root: string, pairs: AsyncIterable<Pair>, tally: Tally, options: IndexOptions) {
  const until = performance.now() + (options.sumBudgetMs ?? Infinity);
  let waiting: Promise<IndexedFile | undefined>[] = [];
  for await (const [file, known] of pairs) {
    options.signal?.throwIfAborted();
    if (!file) continue;
    if (file.type !== "f" && file.type !== "l") {
      tally.other();
      continue;
    }
    waiting.push(summed(root, file, known, performance.now() < until, tally));
    if (waiting.length < AT_ONCE) continue;
    yield* recorded(await Promise.all(waiting), tally, options);
    waiting = [];
  }
  yield* recorded(await Promise.all(waiting), tally, options);
}

function* recorded(files: (IndexedFile | undefined)[], tally: Tally, { onProgress }: IndexOptions) {
  for (const file of files) {
    if (!file) continue;
    tally.add(file);
    yield file;
  }
  onProgress?.(tally.done());
}

/** Undefined for a file that is gone. */
async function summed(
  root: string,
  file: ListedFile,
  known: IndexedFile | undefined,
  mayRead: boolean,
  tally: Tally,
): Promise<IndexedFile | undefined> {
  if (known && known.sum !== NO_SUM && isUnchanged(file, known)) return { ...file, sum: known.sum };
  if (!mayRead) return { ...file, sum: NO_SUM };
  const sum = await sumFile(root, file);
  if (sum === undefined) return undefined;
  if (sum !== NO_SUM) tally.read(file.size);
  return { ...file, sum };
}

const isUnchanged = (a: ListedFile, b: ListedFile) =>
  a.size === b.size && a.modified === b.modified && a.inode === b.inode && a.type === b.type;

async function* toChunks(files: AsyncIterable<IndexedFile>): AsyncGenerator<Buffer> {
  let text = "";
  for await (const file of files) {
    text += formatIndexed(file);
    if (text.length < 65_536) continue;
    yield Buffer.from(text, "latin1");
    text = "";
  }
  if (text !== "") yield Buffer.from(text, "latin1");
}

type Tally = ReturnType<typeof createTally>;

function createTally(folders: readonly string[]) {
  const records = folders.map((path): FolderRecord => ({ path, files: 0, links: 0, bytes: 0, summed: 0 }));
  const summedNow = { files: 0, bytes: 0 };
  let others = 0;
  const total = (of: "files" | "bytes") => records.reduce((sum, record) => sum + record[of], 0);
  return {
    other: () => void others++,
    read(bytes: number) {
      summedNow.files++;
      summedNow.bytes += bytes;
    },
    add({ path, size, type, sum }: IndexedFile) {
      const record = records.find((one) => path.startsWith(`${one.path}/`) || path === one.path);
      if (!record) return;
      if (type === "l") record.links++;
      else record.files++;
      if (type === "f") record.bytes += size;
      if (type === "f" && sum !== NO_SUM) record.summed++;
    },
    done: () => ({ files: total("files"), bytes: total("bytes") }),
    result: () => ({ folders: records, others, summedNow }),
  };
}
