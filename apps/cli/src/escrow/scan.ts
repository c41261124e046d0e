import type { PageImage } from "./pdf-pages.ts";
import type { ImageReading } from "./read-codes.ts";
import type { FoundCode } from "./restore.ts";

/** All that was found on a number of pages. */
export interface Scan {
  codes: FoundCode[];
  /** Pages with codes that could not be read. */
  damaged: string[];
  /** Files that are no image, or a broken one. */
  unreadable: string[];
  pages: number;
}

interface Scanning {
  read: (image: Uint8Array) => Promise<ImageReading | undefined>;
  onProgress: (line: string) => void;
  signal: AbortSignal;
}

export async function collect(
  pages: AsyncIterable<PageImage> | Iterable<PageImage>,
  { read, onProgress, signal }: Scanning,
): Promise<Scan> {
  const scan: Scan = { codes: [], damaged: [], unreadable: [], pages: 0 };
  for await (const { name, bytes } of pages) {
    signal.throwIfAborted();
    const reading = await read(bytes);
    scan.pages += 1;
    onProgress(`${name}: ${describe(reading)}`);
    if (!reading) scan.unreadable.push(name);
    scan.codes.push(...(reading?.codes ?? []).map((code) => ({ code, source: name })));
    if (reading?.damaged) scan.damaged.push(name);
  }
  return scan;
}

function describe(reading: ImageReading | undefined): string {
  if (!reading) return "no image that can be read";
  const { codes, damaged } = reading;
  const spares = codes.filter(({ spare }) => spare).map(({ number }) => number);
  const parts = codes.filter(({ spare }) => !spare).map(({ number }) => number);
  const found = [
    ...(parts.length > 0 ? [`code ${ascending(parts)} of ${codes[0]?.count}`] : []),
    ...(spares.length > 0 ? [`spare ${ascending(spares)}`] : []),
    ...(damaged ? ["something that cannot be read"] : []),
  ];
  return found.join(", ") || "no code";
}

function ascending(numbers: readonly number[]): string {
  return [...new Set(numbers)].sort((a, b) => a - b).join(", ");
}
