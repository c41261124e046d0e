/** What is kept of one output stream of a program, however much it writes. */
export interface OutputCapture {
  add(chunk: Buffer): void;
  /** Bytes that were dropped between the head and the tail. */
  cutBytes(): number;
  /** Head and tail as UTF-8, with a line between them that says how much was cut. */
  text(): string;
  /** The end of the output, never starting inside a line that was cut: half a secret could not be recognised. */
  ending(): string;
}

/** Keeps the first and the last half of `limitBytes`: the beginning names the cause, the end the failure. */
export function createOutputCapture(limitBytes: number): OutputCapture {
  const half = Math.max(1, Math.floor(limitBytes / 2));
  const head = createHead(half);
  const tail = createTail(half);
  return {
    add: (chunk) => tail.add(head.add(chunk)),
    cutBytes: tail.cutBytes,
    text: () => head.bytes().toString() + cutNote(tail.cutBytes()) + tail.bytes().toString(),
    ending: () =>
      tail.cutBytes() > 0 ? afterFirstLine(tail.bytes().toString()) : head.bytes() + tail.bytes().toString(),
  };
}

const cutNote = (bytes: number) => (bytes > 0 ? `\n[${bytes} bytes cut]\n` : "");

function afterFirstLine(text: string): string {
  const newline = text.indexOf("\n");
  return newline < 0 ? "" : text.slice(newline + 1);
}

/** The first bytes, in one buffer that doubles: a list of chunks costs a program that writes single bytes 100 times as much. */
function createHead(limit: number) {
  let buffer = Buffer.alloc(Math.min(limit, 4096));
  let length = 0;
  return {
    /** Takes what fits and returns the rest. */
    add(chunk: Buffer): Buffer {
      const taken = chunk.subarray(0, limit - length);
      if (length + taken.length > buffer.length) buffer = grown(buffer, length + taken.length, limit);
      taken.copy(buffer, length);
      length += taken.length;
      return chunk.subarray(taken.length);
    },
    bytes: () => buffer.subarray(0, length),
  };
}

function grown(buffer: Buffer, needed: number, limit: number): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(Math.min(limit, Math.max(needed, buffer.length * 2)));
  buffer.copy(larger);
  return larger;
}

/** The last `size` bytes, in a ring that is made when the first byte arrives. */
function createTail(size: number) {
  let ring: Buffer | undefined;
  let position = 0;
  let seen = 0;
  return {
    add(chunk: Buffer) {
      if (chunk.length === 0) return;
      ring ??= Buffer.alloc(size);
      const kept = chunk.subarray(Math.max(0, chunk.length - size));
      const untilEnd = kept.copy(ring, position);
      kept.copy(ring, 0, untilEnd);
      position = (position + kept.length) % size;
      seen += chunk.length;
    },
    cutBytes: () => Math.max(0, seen - size),
    bytes(): Buffer {
      if (!ring) return Buffer.alloc(0);
      return seen <= size
        ? ring.subarray(0, seen)
        : Buffer.concat([ring.subarray(position), ring.subarray(0, position)]);
    },
  };
}
