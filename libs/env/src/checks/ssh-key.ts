import type { Place } from "../place.ts";

/** A key type of sshd(8), AUTHORIZED_KEYS, and its base64; options may stand in front. */
const KEY = /(?:^|\s)((?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+([A-Za-z0-9+/]+={0,2})(?:\s|$)/;

/** One line of authorized_keys. The base64 begins with the type's name, so that a cut or mistyped key is found. */
export function checkSshPublicKey(line: string, place: Place): void {
  const [, type, base64] = KEY.exec(line) ?? [];
  if (type === undefined || base64 === undefined)
    return place.error("must be one line of a public key, as in 'ssh-ed25519 AAAA… name'");
  if (firstString(Buffer.from(base64, "base64")) !== type) place.error(`is not whole: it does not hold a ${type} key`);
}

/** RFC 4251 section 5: four bytes of length, then the text. */
export function firstString(bytes: Buffer): string | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readUInt32BE(0);
  return bytes.length > 4 + length ? bytes.toString("latin1", 4, 4 + length) : undefined;
}

/** Someone who copies a key to the list of old ones and leaves it in the other means that it is to go. */
export function warnOfDeprecatedKeys(
  {
    ssh_authorized_keys: wanted,
    ssh_deprecated_keys: old,
  }: Record<`ssh_${"authorized" | "deprecated"}_keys`, string[]>,
  place: Place,
): void {
  const gone = new Set(old.flatMap(bodyOf));
  for (const [index, line] of wanted.entries())
    if (bodyOf(line).some((body) => gone.has(body)))
      place
        .at("ssh_authorized_keys")
        .at(index)
        .warning("is in ssh_deprecated_keys too, so that it is removed; take it out of one of them");
}

/** The key alone, whatever its options and comment. */
const bodyOf = (line: string): string[] => KEY.exec(line)?.[2]?.match(/^.+$/) ?? [];
