import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { isOfSystem } from "../disk-failure.ts";

/** SHA-256 of the file at `path`; undefined when it is not there or cannot be read. */
export async function sumOfStored(path: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex");
  } catch (error) {
    if (isOfSystem(error)) return undefined;
    throw error;
  }
}
