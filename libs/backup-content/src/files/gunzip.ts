import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

/** The content of the gzip file at `path`; `onStored` sees the bytes as they are in it. A missing file fails here too. */
export async function* gunzipped(path: string, onStored?: (part: Buffer) => void): AsyncGenerator<Buffer> {
  const source = createReadStream(path);
  const plain = createGunzip();
  if (onStored) source.on("data", (part) => onStored(part as Buffer));
  source.once("error", (error) => plain.destroy(error));
  try {
    yield* source.pipe(plain);
  } finally {
    source.destroy();
    plain.destroy();
  }
}
