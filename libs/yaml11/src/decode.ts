import type { Fault } from "./problems.ts";

/** `text` is what could be read; with a `fault` it ends where the fault is. */
export interface Decoded {
  readonly text: string;
  readonly fault?: Fault;
}

/**
 * Bytes to text. UTF-8 only: replacing bad bytes would change a password without a word. A byte order mark at the start,
 * as Windows editors write it, is dropped.
 */
export function decode(source: Uint8Array | string): Decoded {
  if (typeof source === "string") return decodeString(source);
  if (looksLikeUtf16(source)) return { text: "", fault: utf16 };
  try {
    return { text: utf8(source) };
  } catch {
    return decodeUpToFault(source);
  }
}

function decodeString(source: string): Decoded {
  const text = source.startsWith("\uFEFF") ? source.slice(1) : source;
  if (text.isWellFormed()) return { text };
  const end = text.search(/\p{Surrogate}/u);
  return { text: text.slice(0, end), fault: { message: "half of a character pair", remedy: "Write it as UTF-8." } };
}

const utf16: Fault = {
  message: "the file is UTF-16 or binary",
  remedy: "Save it as UTF-8, for instance with iconv(1).",
};

/** Either byte order mark, or a zero byte beside a first ASCII character. */
function looksLikeUtf16([first, second]: Uint8Array): boolean {
  if (first === undefined || second === undefined) return false;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || (first === 0) !== (second === 0);
}

function decodeUpToFault(bytes: Uint8Array): Decoded {
  const offset = firstBadByte(bytes);
  const byte = (bytes[offset] ?? 0).toString(16).padStart(2, "0");
  const message = `not UTF-8: byte 0x${byte} at byte offset ${offset}`;
  return {
    text: new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, offset), { stream: true }),
    fault: { message, remedy: "Save the file as UTF-8; an old Latin-1 file converts with: iconv -f latin1 -t utf-8" },
  };
}

/** The 0-based offset of the byte that no UTF-8 text could have there; the length when the last character is cut short. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isPrefixOfUtf8(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return Math.min(good, bytes.length - 1);
}

function isPrefixOfUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}
