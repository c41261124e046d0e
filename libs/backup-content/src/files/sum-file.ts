import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, readlink, type FileHandle } from "node:fs/promises";
import { isSystemError } from "@appliance/errors";
import { isOfSystem } from "../disk-failure.ts";
import { NO_SUM, pathBytes, type ListedFile } from "./record.ts";

const SUM_OF_NOTHING = createHash("sha256").digest("hex");

/**
 * SHA-256 of what is at the path of `file` below `root`; `NO_SUM` for one that changed meanwhile or cannot be read; undefined
 * for one that is gone. Never waits for a FIFO and never follows a link.
 */
export async function sumFile(root: string, file: ListedFile): Promise<string | undefined> {
  if (file.type === "f" && file.size === 0) return SUM_OF_NOTHING;
  const path = Buffer.concat([Buffer.from(`${root}/`), pathBytes(file.path)]);
  try {
    return file.type === "l" ? await sumOfLink(path) : await sumOfContent(path, file.size);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return undefined;
    if (isOfSystem(error)) return NO_SUM;
    throw error;
  }
}

async function sumOfLink(path: Buffer): Promise<string> {
  return createHash("sha256")
    .update(await readlink(path, { encoding: "buffer" }))
    .digest("hex");
}

async function sumOfContent(path: Buffer, size: number): Promise<string> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) return NO_SUM;
    const sum = await sumToEnd(file);
    const after = await file.stat({ bigint: true });
    const still = after.mtimeNs === before.mtimeNs && after.size === before.size && after.size === BigInt(size);
    return still ? sum : NO_SUM;
  } finally {
    await file.close();
  }
}

/** Half the CPU time of a stream with its 64 KB. */
const BUFFER_BYTES = 256 * 1024;

/** Of readings that are over. There are as many as files were ever read at the same time. */
const spareBuffers: Buffer[] = [];

async function sumToEnd(file: FileHandle): Promise<string> {
  const hash = createHash("sha256");
  const buffer = spareBuffers.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    spareBuffers.push(buffer);
  }
}
