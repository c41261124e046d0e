import type { Place } from "../place.ts";
import { readPackets, readSecretKey, TAG, type SecretKey } from "./open-pgp-packets.ts";

const ARMOR = /^-----BEGIN PGP ([A-Z ]+)-----\n(.*?)^-----END PGP \1-----[ \t]*$/gms;
const REFUSED_BITS = 1024;

/**
 * An armored secret key that gpg imports and uses by itself: whole, of a version that gpg knows, and without a passphrase.
 * @see RFC 9580
 */
export function checkOpenPgpSecretKey(text: string, place: Place): void {
  const secret = secretBlocks(text);
  if (secret.length === 0 && text.includes("-----END PGP"))
    return place.error("must be the private key, but here is only a public one or a message");
  if (secret.length === 0)
    return place.error("must be an armored OpenPGP key, from -----BEGIN PGP PRIVATE KEY BLOCK----- to its END line");
  for (const [, , body = ""] of secret) checkBlock(body, place);
}

const secretBlocks = (text: string) =>
  [...text.replaceAll("\r\n", "\n").matchAll(ARMOR)].filter(([, kind]) => kind === "PRIVATE KEY BLOCK");

function checkBlock(body: string, place: Place): void {
  const { base64, checksum } = splitArmor(body);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0)
    return place.error("the OpenPGP key is not whole: not base64");
  const bytes = Buffer.from(base64, "base64");
  if (checksum !== undefined && checksum !== crc24(bytes))
    return place.error("the OpenPGP key is not whole: its checksum does not fit");
  checkPackets(bytes, place);
}

function checkPackets(bytes: Buffer, place: Place): void {
  const packets = readPackets(bytes);
  if (!packets) return place.error("the OpenPGP key is not whole: a part of it is cut off");
  if (packets[0]?.tag !== TAG.secretKey) return place.error("the OpenPGP block does not begin with a secret key");
  if (!packets.some(({ tag }) => tag === TAG.userId))
    return place.error("the OpenPGP key has no name, and gpg does not import it");
  for (const { tag, body } of packets)
    if (tag === TAG.secretKey || tag === TAG.secretSubkey) checkSecretKey(readSecretKey(body), place);
}

function checkSecretKey(key: SecretKey | undefined, place: Place): void {
  if (!key) return place.error("the OpenPGP key is not whole: its numbers are cut off");
  const { version, rsaBits, isOpen } = key;
  if (version !== 4) return place.error(`the OpenPGP key is of version ${version}, and gpg needs version 4`);
  if (isOpen === false)
    return place.error("the OpenPGP key has a passphrase, or no secret part; a server has nobody to type one");
  if (rsaBits !== undefined && rsaBits < REFUSED_BITS)
    place.error(`the OpenPGP key has ${rsaBits} bits; less than ${REFUSED_BITS} protect nothing`);
}

/** Bits of the modulus of an RSA key; undefined for a key of another kind and for what is no key. */
export function rsaBits(text: string): number | undefined {
  const [, , body = ""] = [...secretBlocks(text)][0] ?? [];
  const [first] = readPackets(Buffer.from(splitArmor(body).base64, "base64")) ?? [];
  return first?.tag === TAG.secretKey ? readSecretKey(first.body)?.rsaBits : undefined;
}

/** Header lines such as `Version: …` end at the first empty line; without headers there may be none. */
function splitArmor(body: string): { base64: string; checksum: string | undefined } {
  const lines = body.split("\n").map((line) => line.trim());
  const data = lines.filter((line) => line !== "" && !/^[A-Za-z-]+: /.test(line));
  const checksum = data.find((line) => line.startsWith("="));
  return { base64: data.filter((line) => line !== checksum).join(""), checksum: checksum?.slice(1) };
}

/** RFC 9580 section 6.1.1, in base64. */
function crc24(bytes: Uint8Array): string {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x800000 ? 0x1864cfb : 0);
  }
  return Buffer.from([crc >> 16, crc >> 8, crc]).toString("base64");
}
