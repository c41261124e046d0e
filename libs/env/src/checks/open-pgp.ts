import type { Place } from "../place.ts";

const ARMOR = /^-----BEGIN PGP ([A-Z ]+)-----\n(.*?)^-----END PGP \1-----[ \t]*$/gms;
const SECRET_KEY_PACKET = 5;

/** The shape of an armored secret key, RFC 9580 section 6.2, and its checksum: a slip of retyping does not reach gpg. */
export function checkOpenPgpSecretKey(text: string, place: Place): void {
  const blocks = [...text.replaceAll("\r\n", "\n").matchAll(ARMOR)];
  if (blocks.length === 0)
    return place.error("must be an armored OpenPGP key, from -----BEGIN PGP PRIVATE KEY BLOCK----- to its END line");
  const secret = blocks.filter(([, kind]) => kind === "PRIVATE KEY BLOCK");
  if (secret.length === 0) return place.error("must be the private key, but here is only a public one or a message");
  const fault = secret.map(([, , body = ""]) => faultOfArmor(body)).find((found) => found !== undefined);
  if (fault) place.error(fault);
}

function faultOfArmor(body: string): string | undefined {
  const { base64, checksum } = splitArmor(body);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0)
    return "the OpenPGP key is not whole: not base64";
  const bytes = Buffer.from(base64, "base64");
  if (checksum !== undefined && checksum !== crc24(bytes))
    return "the OpenPGP key is not whole: its checksum does not fit";
  return packetTag(bytes[0] ?? 0) === SECRET_KEY_PACKET
    ? undefined
    : "the OpenPGP block does not begin with a secret key";
}

/** Header lines such as `Version: …` end at the first empty line; without headers there may be none. */
function splitArmor(body: string): { base64: string; checksum: string | undefined } {
  const lines = body.split("\n").map((line) => line.trim());
  const data = lines.filter((line) => line !== "" && !/^[A-Za-z-]+: /.test(line));
  const checksum = data.find((line) => line.startsWith("="));
  return { base64: data.filter((line) => line !== checksum).join(""), checksum: checksum?.slice(1) };
}

/** RFC 9580 section 4.2: six bits of the tag in the new form, four in the old one. */
function packetTag(first: number): number | undefined {
  if ((first & 0x80) === 0) return undefined;
  return (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
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
