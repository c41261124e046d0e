/** One message of duplicity's machine-readable log (`--log-fd`): a control line, then the text for people. */
export interface LogMessage {
  level: "ERROR" | "WARNING" | "NOTICE" | "INFO" | "DEBUG";
  code: number;
  /** What stands behind the code on the control line, still escaped. */
  extra: string;
  text: string;
}

/** Codes of duplicity's log that the engine reads; duplicity promises never to change them. */
export const LogCode = {
  volumeDone: 2,
  fileNew: 4,
  fileChanged: 5,
  restored: 6,
  restoredPatch: 7,
  fileListed: 10,
} as const;

/** What is wrong with the sum or the signature of a volume, as the code of an error. */
export const DAMAGE_CODES: readonly number[] = [21, 22, 44];

/** Whether a line begins such an error; the text that follows belongs to it. */
export function saysDamage(line: string): boolean {
  const [, level, code] = CONTROL.exec(line) ?? [];
  return level === "ERROR" && DAMAGE_CODES.includes(Number(code));
}

const CONTROL = /^(ERROR|WARNING|NOTICE|INFO|DEBUG) (\d+)(?: (.*))?$/;
const TEXT = /^\. (.*)$/;

/** Puts messages together from lines. `end` delivers the last. Lines that belong to no message are dropped. */
export function createLogReader(onMessage: (message: LogMessage) => void): { line(text: string): void; end(): void } {
  let message: LogMessage | undefined;
  const deliver = () => {
    if (message) onMessage(message);
    message = undefined;
  };
  return {
    line(text) {
      const [, level, code, extra = ""] = CONTROL.exec(text) ?? [];
      if (level !== undefined) {
        deliver();
        message = { level: level as LogMessage["level"], code: Number(code), extra, text: "" };
      } else if (message) {
        const more = TEXT.exec(text)?.[1];
        if (more === undefined) return deliver();
        message.text += message.text === "" ? more : `\n${more}`;
      }
    },
    end: deliver,
  };
}

/** A file of the listing: its name as bytes, since a name need not be text. */
export interface ListedFile {
  path: Buffer;
  modifiedAt: Date;
  type: string;
}

/** Reads `20261122T172611Z 'a/b' reg`, what follows the code of a listed file. */
export function parseListedFile(extra: string): ListedFile | undefined {
  const [, stamp, name, type] = /^(\d{8}T\d{6}Z|[^ ]+) '(.*)' (\w+)$/.exec(extra) ?? [];
  if (stamp === undefined || name === undefined || type === undefined) return undefined;
  return { path: unescapeName(name), modifiedAt: toDate(stamp), type };
}

const toDate = (stamp: string) =>
  new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));

const SIMPLE: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\" };

/** Undoes Python's unicode-escape. U+DC80 to U+DCFF stand for bytes that are no UTF-8 (PEP 383). */
export function unescapeName(name: string): Buffer {
  const pieces = name.match(/\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|\\.|[^\\]+/gs) ?? [];
  return Buffer.concat(pieces.map(unescapePiece));
}

function unescapePiece(piece: string): Buffer {
  if (!piece.startsWith("\\")) return Buffer.from(piece);
  const code = /^\\[xuU]([0-9a-f]+)$/.exec(piece)?.[1];
  if (code === undefined) return Buffer.from(SIMPLE[piece.slice(1)] ?? piece);
  const point = Number.parseInt(code, 16);
  return point >= 0xdc80 && point <= 0xdcff ? Buffer.from([point - 0xdc00]) : Buffer.from(String.fromCodePoint(point));
}
