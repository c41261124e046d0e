import { randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";

const PIECE = 64 * 1024;

/** Lines of JSON that wait on disk until all of them are there. */
export interface Spool {
  write(value: unknown): void;
  /** All lines from the first one. Nothing is written afterwards. */
  read(): Readable;
  /** Throws the lines away; not needed after `read`. */
  drop(): Promise<void>;
}

/**
 * A spool in `folder`. A list of a million files takes no memory by it, however slowly it is read, and nobody is sent a part of a list
 * that then fails. Its file has no name, so nothing is left of it when the process ends.
 */
export async function openSpool(folder: string): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `spool-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  await rm(path);
  let begun = "";
  const flush = () => {
    const bytes = Buffer.from(begun);
    for (let at = 0; at < bytes.length;) at += writeSync(file.fd, bytes, at);
    begun = "";
  };
  return {
    write(value) {
      begun += `${JSON.stringify(value)}\n`;
      if (begun.length >= PIECE) flush();
    },
    read() {
      flush();
      return file.createReadStream({ start: 0 });
    },
    drop: () => file.close(),
  };
}
