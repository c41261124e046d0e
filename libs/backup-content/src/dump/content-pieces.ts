const SMALLEST = 32 * 1024;
const LARGEST = 512 * 1024;

/** One place in 65536 is a cut, so pieces have about 96 KB. */
const CUT_MASK = 0xffff0000 | 0;

/** A number for each byte value, the same for ever: other numbers would cut, and so store, everything anew. */
const GEAR = Int32Array.from({ length: 256 }, (_, byte) => {
  let mixed = Math.imul(byte + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
});

/**
 * Cuts a stream into pieces at places that depend on the 32 bytes before them alone: after an insertion or a deletion the
 * cuts are soon at the same bytes again, and all other pieces are as before.
 */
export async function* contentPieces(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const cutter = createCutter();
  let parts: Buffer[] = [];
  for await (const chunk of source) {
    let start = 0;
    for (let end = cutter.next(chunk, start); end > 0; end = cutter.next(chunk, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      parts = [];
      start = end;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

function createCutter() {
  let length = 0;
  let hash = 0;
  return {
    /** Where the present piece ends in `chunk`, of which it has what is from `start` on; 0 when it does not. */
    next(chunk: Buffer, start: number): number {
      const shortest = start + SMALLEST - length;
      const longest = start + LARGEST - length;
      for (let at = start; at < chunk.length; at++) {
        hash = ((hash << 1) + GEAR[chunk[at]!]!) | 0;
        if (at + 1 < shortest || ((hash & CUT_MASK) !== 0 && at + 1 < longest)) continue;
        length = 0;
        return at + 1;
      }
      length += chunk.length - start;
      return 0;
    },
  };
}
