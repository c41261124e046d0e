import { randomBytes } from "node:crypto";

const BYTES = 16;

/**
 * A new serial: 126 random bits in 16 bytes, so that two are never the same, though the register were lost. The two highest
 * bits are fixed: it is positive and as long as every other, and is written alike everywhere.
 */
export function randomSerial(): string {
  const bytes = randomBytes(BYTES);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString("hex").toUpperCase();
}

/** `0x4a:0b`, `4A 0B` or `4a0b` as OpenSSL prints it, `4A0B`; undefined for what is no serial. */
export function normalSerial(text: string): string | undefined {
  const digits = text
    .trim()
    .replace(/^0x/i, "")
    .replaceAll(/[:\s-]/g, "");
  if (!/^[0-9a-f]+$/i.test(digits)) return undefined;
  const short = digits.replace(/^0+(?=.)/, "").toUpperCase();
  return short.length % 2 === 0 ? short : `0${short}`;
}
