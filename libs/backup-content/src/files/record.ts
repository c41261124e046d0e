/** A file as a list has it. A path may hold any byte but NUL, so paths are kept as Latin-1: one character a byte. */
export interface ListedFile {
  /** Relative to the root of the data. */
  path: string;
  size: number;
  /** Seconds since 1970 with their fraction, as find(1) prints them: compared, never computed with. */
  modified: string;
  inode: string;
  /** `f` file, `l` link; anything else (FIFO, socket, device) is in no backup's index. */
  type: string;
}

/** A file of an index; `sum` is SHA-256 of its content or of a link's target, or `-` where it is not known yet. */
export interface IndexedFile extends ListedFile {
  sum: string;
}

export const NO_SUM = "-";

/** What find(1) writes for each file: four fields, the path last because it may hold tabs, and NUL at the end. */
export const LIST_FORMAT = String.raw`%s\t%T@\t%i\t%y\t%p\0`;

/** @throws Error for a record that is none of ours. */
export function parseListed(record: string): ListedFile {
  const size = endOfField(record, 0);
  const modified = endOfField(record, size + 1);
  const inode = endOfField(record, modified + 1);
  const type = endOfField(record, inode + 1);
  return {
    path: record.slice(type + 1),
    size: Number(record.slice(0, size)),
    modified: record.slice(size + 1, modified),
    inode: record.slice(modified + 1, inode),
    type: record.slice(inode + 1, type),
  };
}

/** @throws Error for a record that is none of ours. */
export function parseIndexed(record: string): IndexedFile {
  const sum = endOfField(record, 0);
  return { ...parseListed(record.slice(sum + 1)), sum: record.slice(0, sum) };
}

export function formatIndexed({ path, size, modified, inode, type, sum }: IndexedFile): string {
  return `${sum}\t${size}\t${modified}\t${inode}\t${type}\t${path}\0`;
}

function endOfField(record: string, from: number): number {
  const end = record.indexOf("\t", from);
  if (end === -1) throw new Error("a record of the list of files has too few fields");
  return end;
}

/**
 * The NUL-terminated records of a stream, as many at a time as its chunks hold: for half a million files a step of the event loop
 * for each costs more than all the rest. @throws Error when it ends within one.
 */
export async function* readRecords<T>(
  source: AsyncIterable<Buffer>,
  parse: (record: string) => T,
): AsyncGenerator<T[]> {
  let rest = "";
  for await (const chunk of source) {
    const records = (rest + chunk.toString("latin1")).split("\0");
    rest = records.pop() ?? "";
    yield records.map(parse);
  }
  if (rest !== "") throw new Error("the list of files is cut off");
}

/** A path's bytes, for the system. */
export const pathBytes = (path: string): Buffer => Buffer.from(path, "latin1");

/** A path for a sentence: what is no UTF-8 shows as U+FFFD, what would disturb a terminal is escaped. */
export const shownPath = (path: string): string => JSON.stringify(pathBytes(path).toString("utf8")).slice(1, -1);
