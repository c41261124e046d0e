import { open } from "node:fs/promises";

/** ECMA-119, 8.4: the primary volume descriptor is the 17th block of 2048 bytes. */
const ISO_DESCRIPTOR = 32_768;
const HEAD_BYTES = ISO_DESCRIPTOR + 2048;

export interface ImageSize {
  /** Bytes that are there. */
  there: number;
  /** Bytes that the file system says it has; undefined where none of that type begins. */
  declared: number | undefined;
}

/**
 * How long an image is and how long it should be: of a vfat that was cut off mtools reads what is left of a file and says nothing.
 */
export async function measureImage(path: string, type: "iso9660" | "vfat"): Promise<ImageSize> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    return { there: size, declared: type === "vfat" ? vfatBytes(head) : isoBytes(head) };
  } finally {
    await file.close();
  }
}

function isoBytes(head: Buffer): number | undefined {
  if (head.length < HEAD_BYTES) return undefined;
  const descriptor = head.subarray(ISO_DESCRIPTOR);
  if (descriptor.toString("latin1", 1, 6) !== "CD001") return undefined;
  return descriptor.readUInt32LE(80) * descriptor.readUInt16LE(128);
}

/** Microsoft's FAT specification, 3.1: bytes a sector, then the count of sectors in 16 bits or, where that is 0, in 32. */
function vfatBytes(head: Buffer): number | undefined {
  if (head.length < 512 || head.readUInt16LE(510) !== 0xaa55) return undefined;
  const sectors = head.readUInt16LE(19) || head.readUInt32LE(32);
  return sectors * head.readUInt16LE(11);
}
