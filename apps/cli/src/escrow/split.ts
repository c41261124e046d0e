import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { OperatorError } from "@appliance/errors";
import { BASE32_GROUP } from "./base32.ts";
import { FRAME_LENGTH, type Code } from "./code-text.ts";
import { CODES_PER_PAGE, MAX_LETTERS } from "./paper-layout.ts";

const MAX_DATA_BYTES = Math.floor((MAX_LETTERS - FRAME_LENGTH) / 8) * BASE32_GROUP;
/** A hundred pages; three digits number that many codes. */
const MAX_CODES = 400;

/** A file as codes. */
export interface Codes {
  id: string;
  sha256: string;
  parts: Code[];
  /** One for each place on a page: any one page that is lost can be made again from the others and these. */
  spares: Code[];
}

/**
 * Splits the compressed file into equal parts that fill whole pages. The spare of a place is the exclusive or of the
 * parts at that place of each page.
 * @throws OperatorError `ENV_TOO_LARGE` when it would fill more than a hundred pages
 */
export function splitFile(file: Uint8Array): Codes {
  const compressed = gzipSync(file, { level: 9 });
  const count = Math.ceil(compressed.length / MAX_DATA_BYTES / CODES_PER_PAGE) * CODES_PER_PAGE;
  if (count > MAX_CODES) throw tooLarge(compressed.length);
  const size = Math.ceil(compressed.length / count / BASE32_GROUP) * BASE32_GROUP;
  // gunzip ignores zeros after the end.
  const stream = Buffer.concat([compressed], count * size);
  const [id, sha256] = [hash(compressed).slice(0, 8), hash(file)];
  const code = (number: number, data: Uint8Array, spare: boolean) => ({ id, number, count, sha256, spare, data });
  const parts = Array.from({ length: count }, (_, at) =>
    code(at + 1, stream.subarray(at * size, (at + 1) * size), false),
  );
  const spares = Array.from({ length: CODES_PER_PAGE }, (_, place) => {
    const group = parts.filter((_part, at) => at % CODES_PER_PAGE === place);
    return code(place + 1, exclusiveOr(group.map(({ data }) => data)), true);
  });
  return { id, sha256, parts, spares };
}

/** @throws RangeError for no arrays */
export function exclusiveOr(arrays: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = arrays;
  if (!first) throw new RangeError("the exclusive or of nothing");
  const result = Uint8Array.from(first);
  for (const array of rest) for (const [at, byte] of array.entries()) result[at] = (result[at] ?? 0) ^ byte;
  return result;
}

/** SHA-256 in capital hexadecimal digits. */
export function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").toUpperCase();
}

function tooLarge(bytes: number): OperatorError {
  return new OperatorError(
    "ENV_TOO_LARGE",
    `The file has ${Math.ceil(bytes / 1000)} KB compressed, too much for paper.`,
    {
      remedy: "Take large files out of extra.files; env.yml is for settings and secrets.",
    },
  );
}
