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

const FIELDS_BEFORE_PATH = 4;

/** @throws Error for a record that is none of ours. */
export function parseListed(record: string): ListedFile {
  const { fields, path } = split(record, FIELDS_BEFORE_PATH);
  const [size, modified, inode, type] = fields;
  return { path, size: Number(size), modified: modified!, inode: inode!, type: type! };
}

/** @throws Error for a record that is none of ours. */
export function parseIndexed(record: string): IndexedFile {
  const { fields, path } = split(record, FIELDS_BEFORE_PATH + 1);
  const [sum, size, modified, inode, type] = fields;
  return { path, size: Number(size), modified: modified!, inode: inode!, type: type!, sum: sum! };
}

export function formatIndexed({ path, size, modified, inode, type, sum }: IndexedFile): string {
  return `${[sum, size, modified, inode, type, path].join("\t")}\0`;
}

function split(record: string, count: number) {
  const fields: string[] = [];
  let start = 0;
  for (let n = 0; n < count; n++) {
    const end = record.indexOf("\t", start);
    if (end === -1) throw new Error("a record of the list of files has too few fields");
    fields.push(record.slice(start, end));
    start = end + 1;
  }
  return { fields, path: record.slice(start) };
}

/** The NUL-terminated records of a stream. @throws Error when it ends within one. */
export async function* readRecords(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of source) {
    const records = (rest + chunk.toString("latin1")).split("\0");
    rest = records.pop() ?? "";
    yield* records;
  }
  if (rest !== "") throw new Error("the list of files is cut off");
}

/** A path's bytes, for the system. */
export const pathBytes = (path: string): Buffer => Buffer.from(path, "latin1");

/** A path for a sentence: what is no UTF-8 shows as U+FFFD, what would disturb a terminal is escaped. */
export const shownPath = (path: string): string => JSON.stringify(pathBytes(path).toString("utf8")).slice(1, -1);
