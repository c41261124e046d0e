import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

export const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

/** RFC 8555 section 6.1: an authority is asked over HTTPS alone. */
export function checkDirectoryUrl(url: string, place: Place): void {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== "https:") return place.error("must be a URL that begins with https://");
  if (parsed.username || parsed.password) place.error("may have no user and no password");
}

/** Names as authorities choose them; which ones an authority has is found out when it is asked. */
export function checkProfile(name: string, place: Place): void {
  if (!/^[\w.-]{1,64}$/.test(name)) place.error(`${quote(name)} is no name of letters, digits and . _ -`);
}

export function checkKeyId(id: string, place: Place): void {
  if (!/^[\x21-\x7e]+$/.test(id)) place.error("must be one word of ASCII characters");
}

const FEWEST_BYTES = 16;

/** RFC 4648 section 5; authorities show it with and without the `=` at its end. */
export function checkHmacKey(key: string, place: Place): void {
  if (!/^[\w-]+={0,2}$/.test(key)) return place.error("must be base64url text, as the authority shows it");
  if (Buffer.from(key, "base64url").length < FEWEST_BYTES) place.error(`is shorter than ${FEWEST_BYTES} bytes`);
}
