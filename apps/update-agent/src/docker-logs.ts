const HEADER_BYTES = 8;

/**
 * The text of a log as the engine sends it: frames of both streams in the order of arrival, or plain bytes where the container
 * has a terminal.
 * @see Docker Engine API, "Attach to a container", Stream format
 */
export function decodeLogs(bytes: Buffer): string {
  const frames: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (!isHeader(bytes, at)) return bytes.toString("utf8");
    const size = bytes.readUInt32BE(at + 4);
    frames.push(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + size));
    at += HEADER_BYTES + size;
  }
  return Buffer.concat(frames).toString("utf8");
}

/** One byte for the stream, 0 to 2, three zeros, four bytes of size. */
function isHeader(bytes: Buffer, at: number): boolean {
  return bytes.length - at >= HEADER_BYTES && bytes[at]! <= 2 && bytes.readUIntBE(at + 1, 3) === 0;
}
