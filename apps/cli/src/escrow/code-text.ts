import { crc32 } from "node:zlib";
import { fromBase32, toBase32 } from "./base32.ts";

/** One printed code: a part of the compressed file, or the spare of a group of parts. */
export interface Code {
  /** Eight hexadecimal digits that name one packing of one file. */
  id: string;
  /** From 1 to `count`; of a spare, the first of the parts that it stands for. */
  number: number;
  /** How many parts the file has, spares not counted. */
  count: number;
  /** Of the file itself, in capital hexadecimal digits: the same in each of its codes. */
  sha256: string;
  spare: boolean;
  data: Uint8Array;
}

const PART = "ENVYML1";
const SPARE = "ENVYML1S";
const NUMBER_DIGITS = 3;
const PATTERN = /^(?<tag>ENVYML1S?) (?<id>[0-9A-F]{8}) (?<number>\d{3})\/(?<count>\d{3}) (?<sha256>[0-9A-F]{64}) /;

/** Letters of a code beside its data. */
export const FRAME_LENGTH = formatCode({
  id: "0".repeat(8),
  number: 1,
  count: 1,
  sha256: "0".repeat(64),
  spare: true,
  data: new Uint8Array(),
}).length;

/**
 * The text in a QR code: `ENVYML1 ID 003/012 SHA256 DATA CRC32`, all of it in the alphanumeric mode's alphabet. It has one line
 * and its data in the fifth place, so that `sort`, `cut` and `base32` read it without us; the checksum is of the text before it.
 */
export function formatCode({ id, number, count, sha256, spare, data }: Code): string {
  const place = [number, count].map((value) => String(value).padStart(NUMBER_DIGITS, "0")).join("/");
  const text = `${spare ? SPARE : PART} ${id} ${place} ${sha256} ${toBase32(data)}`;
  return `${text} ${checksum(text)}`;
}

/** What a text from a QR code holds: a code, `damaged` when it is one of ours that is not whole, undefined when it is none. */
export function parseCode(text: string): Code | "damaged" | undefined {
  if (!text.startsWith(PART)) return undefined;
  const { tag, id, number, count, sha256 } = PATTERN.exec(text)?.groups ?? {};
  const [data, sum] = text.split(" ").slice(4);
  const bytes = fromBase32(data ?? "");
  if (!id || !sha256 || !bytes || sum !== checksum(text.slice(0, text.lastIndexOf(" ")))) return "damaged";
  return { id, number: Number(number), count: Number(count), sha256, spare: tag === SPARE, data: bytes };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0").toUpperCase();
}
