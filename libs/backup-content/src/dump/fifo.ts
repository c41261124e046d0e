import { constants, open as openDescriptor } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { Socket } from "node:net";
import { promisify } from "node:util";
import type { RunCommand } from "@appliance/command";

const MKFIFO_MS = 10_000;

/** A named pipe that one program writes and this process reads. */
export interface Fifo {
  path: string;
  output: AsyncIterable<Buffer>;
  /** Call it once the program is over: only then does the output end. */
  finish: () => Promise<void>;
}

/**
 * Gives `work` a new named pipe at `path`, for a program whose output is a stream of bytes larger than memory. Both ends are
 * held here from the start, so that neither side waits for one that never comes.
 */
export async function withFifo<T>(run: RunCommand, path: string, work: (fifo: Fifo) => Promise<T>): Promise<T> {
  await rm(path, { force: true });
  await run("mkfifo", ["--mode=600", "--", path], { timeoutMs: MKFIFO_MS });
  const fd = await promisify(openDescriptor)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = createOnce(await open(path, constants.O_WRONLY | constants.O_NONBLOCK));
  // A file stream would hold a thread of the pool while it waits for bytes; a socket waits in the event loop.
  const output = new Socket({ fd, readable: true, writable: false });
  try {
    return await work({ path, output, finish: writer.close });
  } finally {
    await writer.close();
    output.destroy();
    await rm(path, { force: true });
  }
}

function createOnce(handle: FileHandle) {
  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= handle.close()) };
}
