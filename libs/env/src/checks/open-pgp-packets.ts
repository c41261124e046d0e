/** A packet of OpenPGP, RFC 9580 section 4. */
export interface Packet {
  tag: number;
  body: Buffer;
}

export const TAG = { secretKey: 5, secretSubkey: 7, userId: 13 } as const;

/** The packets one after the other; undefined where they do not fill the bytes exactly. */
export function readPackets(bytes: Buffer): Packet[] | undefined {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const head = readHead(bytes, at);
    if (!head || head.end > bytes.length) return undefined;
    packets.push({ tag: head.tag, body: bytes.subarray(head.start, head.end) });
    at = head.end;
  }
  return packets;
}

interface Head {
  tag: number;
  start: number;
  end: number;
}

/** Section 4.2. Lengths that are partial or left open belong to messages, not to keys. */
function readHead(bytes: Buffer, at: number): Head | undefined {
  const first = bytes[at]!;
  if ((first & 0x80) === 0) return undefined;
  const isNew = (first & 0x40) !== 0;
  const length = isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, first & 0x03);
  if (!length) return undefined;
  const start = at + 1 + length.octets;
  return { tag: isNew ? first & 0x3f : (first >> 2) & 0x0f, start, end: start + length.value };
}

interface Length {
  octets: number;
  value: number;
}

function oldLength(bytes: Buffer, at: number, type: number): Length | undefined {
  const octets = [1, 2, 4][type];
  if (octets === undefined || at + octets > bytes.length) return undefined;
  return { octets, value: bytes.readUIntBE(at, octets) };
}

function newLength(bytes: Buffer, at: number): Length | undefined {
  const [first = 0, second = 0] = bytes.subarray(at, at + 2);
  if (first < 192) return { octets: 1, value: first };
  if (first < 224) return { octets: 2, value: ((first - 192) << 8) + second + 192 };
  return first === 255 && at + 5 <= bytes.length ? { octets: 5, value: bytes.readUInt32BE(at + 1) } : undefined;
}

export interface SecretKey {
  version: number;
  /** Bits of the modulus of an RSA key. */
  rsaBits: number | undefined;
  /** Whether the secret part is there as it is, with no passphrase in front; undefined for an unknown algorithm. */
  isOpen: boolean | undefined;
}

/** The public part of each algorithm of version 4: numbers with their length in bits, or a name of a curve in front of them. */
const NUMBERS: Record<number, { curve?: boolean; count: number; kdf?: boolean }> = {
  1: { count: 2 },
  2: { count: 2 },
  3: { count: 2 },
  16: { count: 3 },
  17: { count: 4 },
  18: { curve: true, count: 1, kdf: true },
  19: { curve: true, count: 1 },
  22: { curve: true, count: 1 },
};
const RSA: readonly number[] = [1, 2, 3];
const VERSION_4_HEAD = 6;

/** What a secret key packet says of itself, sections 5.5.2 and 5.5.3; undefined when it ends too early. */
export function readSecretKey(body: Buffer): SecretKey | undefined {
  const [version = 0] = body;
  if (version !== 4) return { version, rsaBits: undefined, isOpen: undefined };
  const algorithm = body[5] ?? 0;
  const layout = NUMBERS[algorithm];
  if (!layout) return { version, rsaBits: undefined, isOpen: undefined };
  let at = VERSION_4_HEAD;
  if (layout.curve) at += 1 + (body[at] ?? 0);
  const rsaBits = RSA.includes(algorithm) && at + 2 <= body.length ? body.readUInt16BE(at) : undefined;
  for (let number = 0; number < layout.count && at + 2 <= body.length; number += 1)
    at += 2 + Math.ceil(body.readUInt16BE(at) / 8);
  if (layout.kdf) at += 1 + (body[at] ?? 0);
  return at < body.length ? { version, rsaBits, isOpen: body[at] === 0 } : undefined;
}
