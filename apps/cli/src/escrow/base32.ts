const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Bytes that base32 turns into whole groups of eight letters, so that texts can be joined and decoded as one. */
export const BASE32_GROUP = 5;

/**
 * RFC 4648 base32: each letter fits QR's alphanumeric mode, and `base32 -d` of coreutils reads it.
 * @throws RangeError when the bytes do not fill whole groups: padding has no place in the middle of a joined text
 */
export function toBase32(bytes: Uint8Array): string {
  if (bytes.length % BASE32_GROUP !== 0) throw new RangeError(`${bytes.length} bytes are no whole groups of base32`);
  let text = "";
  for (let at = 0; at < bytes.length; at += BASE32_GROUP) {
    const group = Buffer.from(bytes.buffer, bytes.byteOffset + at, BASE32_GROUP).readUIntBE(0, BASE32_GROUP);
    for (let shift = 35; shift >= 0; shift -= 5) text += ALPHABET[Math.floor(group / 2 ** shift) % 32];
  }
  return text;
}

/** The bytes of a text of whole groups; undefined when it is none. */
export function fromBase32(text: string): Uint8Array | undefined {
  if (text.length % 8 !== 0 || !/^[A-Z2-7]*$/.test(text)) return undefined;
  const bytes = Buffer.alloc((text.length / 8) * BASE32_GROUP);
  for (let at = 0; at < text.length; at += 8) {
    const letters = text.slice(at, at + 8).split("");
    const group = letters.reduce((value, letter) => value * 32 + ALPHABET.indexOf(letter), 0);
    bytes.writeUIntBE(group, (at / 8) * BASE32_GROUP, BASE32_GROUP);
  }
  return bytes;
}
