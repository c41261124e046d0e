import { gunzipSync } from "node:zlib";
import type { Code } from "./code-text.ts";
import { MAX_FILE_BYTES } from "./extracted.ts";
import { CODES_PER_PAGE, pageOfCode } from "./paper-layout.ts";
import { exclusiveOr, hash } from "./split.ts";

/** A code and the image that it was read from. */
export interface FoundCode {
  code: Code;
  source: string;
}

/** What the codes of one packing of one file amount to. */
export interface Restored {
  id: string;
  count: number;
  /** The images that its codes were read from, each once. */
  sources: string[];
  /** Numbers of the parts that were neither read nor made again. */
  missing: number[];
  /** Numbers of the parts that were made again from the others and a spare. */
  rebuilt: number[];
  /** Only when nothing is missing and the checksum of the file is right. */
  file?: Uint8Array;
}

/** Puts together what belongs together, each file for itself, whatever the order and however often a code was read. */
export function restoreFiles(found: readonly FoundCode[]): Restored[] {
  const packings = Map.groupBy(found, ({ code: { id, count, sha256, data } }) =>
    [id, count, sha256, data.length].join(" "),
  );
  return [...packings.values()].map(restore).sort((a, b) => a.id.localeCompare(b.id));
}

function restore(found: readonly FoundCode[]): Restored {
  const { id, count, sha256 } = found[0]!.code;
  const parts = new Map(found.filter(({ code }) => !code.spare).map(({ code }) => [code.number, code.data]));
  const spares = new Map(found.filter(({ code }) => code.spare).map(({ code }) => [code.number, code.data]));
  const rebuilt = missingOf(parts, count).filter((number) => rebuild(number, count, parts, spares));
  const missing = missingOf(parts, count);
  const sources = [...new Set(found.map(({ source }) => source))];
  const file = missing.length === 0 ? join(parts, count, sha256) : undefined;
  return { id, count, sources, missing, rebuilt, ...(file ? { file } : {}) };
}

function missingOf(parts: ReadonlyMap<number, Uint8Array>, count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1).filter((number) => !parts.has(number));
}

/** Adds the part when it is the only one of its group that is missing and the spare of the group is there. */
function rebuild(
  number: number,
  count: number,
  parts: Map<number, Uint8Array>,
  spares: ReadonlyMap<number, Uint8Array>,
): boolean {
  const place = ((number - 1) % CODES_PER_PAGE) + 1;
  const spare = spares.get(place);
  const others: Uint8Array[] = [];
  for (let other = place; other <= count; other += CODES_PER_PAGE) {
    const data = parts.get(other);
    if (data) others.push(data);
    else if (other !== number) return false;
  }
  if (!spare) return false;
  parts.set(number, exclusiveOr([spare, ...others]));
  return true;
}

/** The file, unless its checksum says that it is another. */
function join(parts: ReadonlyMap<number, Uint8Array>, count: number, sha256: string): Uint8Array | undefined {
  const stream = Buffer.concat(Array.from({ length: count }, (_, at) => parts.get(at + 1) ?? new Uint8Array()));
  const file = gunzip(stream);
  return file && hash(file) === sha256 ? file : undefined;
}

function gunzip(stream: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(stream, { maxOutputLength: MAX_FILE_BYTES });
  } catch {
    // Whatever zlib says, the codes do not hold together; the caller names them.
    return undefined;
  }
}

/** `3, 7 (page 2) and 9 (page 4)`: where to look for parts. */
export function namePlaces(numbers: readonly number[]): string {
  const pages = Map.groupBy(numbers, pageOfCode);
  const places = [...pages].map(([page, parts]) => `${parts.join(", ")} (page ${page})`);
  return places.length < 2 ? places.join("") : `${places.slice(0, -1).join(", ")} and ${places.at(-1)}`;
}
