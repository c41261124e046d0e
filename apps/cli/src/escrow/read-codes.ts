import { prepareZXingModule, readBarcodes, type ReadResult } from "zxing-wasm/reader";
import { readAsset } from "./assets.ts";
import { parseCode, type Code } from "./code-text.ts";

/** What one image holds. */
export interface ImageReading {
  codes: Code[];
  /** Whether there is a code that cannot be read, or holds not what its checksum says. */
  damaged: boolean;
}

/** Many more than four to a page, so that a photograph of a whole table of pages is no trouble. */
const MOST_CODES = 64;

/** A reader of QR codes in PNG and JPEG files. Its program is read from a file: by itself it would be fetched from the internet. */
export async function createCodeReader(): Promise<(image: Uint8Array) => Promise<ImageReading | undefined>> {
  const wasmBinary = new Uint8Array(await readAsset("zxing_reader.wasm")).buffer;
  prepareZXingModule({ overrides: { wasmBinary } });
  return readImage;
}

/** @returns undefined when it is no image, or one that is broken or too large to be unpacked */
async function readImage(image: Uint8Array): Promise<ImageReading | undefined> {
  const results = await readBarcodes(image, {
    formats: ["QRCode"],
    tryHarder: true,
    maxNumberOfSymbols: MOST_CODES,
    returnErrors: true,
  });
  if (results.some(({ error }) => error.startsWith("Failed to load image"))) return undefined;
  const parsed = results.filter(isCode).map(({ isValid, text }) => (isValid ? parseCode(text) : "damaged"));
  return {
    codes: parsed.filter((code) => code !== undefined && code !== "damaged"),
    damaged: parsed.includes("damaged"),
  };
}

/** From version 7 on a code says its version twice; what is taken for a smaller one is often a pattern in printed text. */
function isCode({ isValid, format, version }: ReadResult): boolean {
  return isValid || (format === "QRCode" && Number(version) >= 7);
}
