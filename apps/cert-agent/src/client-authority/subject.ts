import { OperatorError } from "@appliance/errors";

/** The longest common name and e-mail address that a certificate holds (RFC 5280, appendix A.1; openssl counts alike). */
const LONGEST_NAME = 64;
const LONGEST_EMAIL = 128;

/** RFC 5321 without quoted local parts, which every program reads in another way, and without a hyphen that makes an option. */
const LOCAL_PART = /^(?!-)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** Controls, marks of direction, invisible characters, halves of characters, line ends: a reader sees another name with them. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** @throws OperatorError `CLIENT_EMAIL_REFUSED` for what is no plain e-mail address in ASCII, or is too long. */
export function checkEmail(email: string): void {
  const at = email.lastIndexOf("@");
  const [local, domain] = [email.slice(0, at), email.slice(at + 1)];
  if (at < 1 || local.length > 64 || !LOCAL_PART.test(local) || !DOMAIN.test(domain))
    throw emailRefused(email, "it is not a plain e-mail address");
  if (email.length > LONGEST_EMAIL)
    throw emailRefused(email, `a certificate holds at most ${LONGEST_EMAIL} characters of an address`);
}

/** @throws OperatorError `CLIENT_NAME_REFUSED` for an empty or too long name, or one with characters that cannot be seen. */
export function checkName(name: string): void {
  const length = Array.from(name).length; // code points, as openssl counts
  if (name.trim() === "") throw nameRefused(name, "it is empty");
  if (length > LONGEST_NAME)
    throw nameRefused(name, `it has ${length} characters, a certificate holds ${LONGEST_NAME}`);
  if (INVISIBLE.test(name)) throw nameRefused(name, "it holds characters that cannot be seen");
  if (name !== name.trim()) throw nameRefused(name, "it begins or ends with a blank");
}

const emailRefused = (email: string, why: string) =>
  new OperatorError("CLIENT_EMAIL_REFUSED", `The e-mail address ${shown(email)} is not accepted: ${why}.`, {
    remedy: "Give an address such as office@example.org, its domain in ASCII (xn--…).",
  });

const nameRefused = (name: string, why: string) =>
  new OperatorError("CLIENT_NAME_REFUSED", `The name ${shown(name)} is not accepted: ${why}.`, {
    remedy: `Give a name of 1 to ${LONGEST_NAME} visible characters, such as "Office PC".`,
  });

const LONGEST_SHOWN = 80;
const INVISIBLES = new RegExp(INVISIBLE.source, "gu");

/** As in JSON, and with everything invisible as its code: an error text must not be another way in. */
function shown(text: string): string {
  const cut = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return JSON.stringify(cut).replaceAll(INVISIBLES, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const ASCII_MARK = /[!-/:-@[-`{-~]/g;

/** A distinguished name as `openssl -subj` takes it. Each mark gets a backslash, after which it is only itself. */
export const subjectOf = (parts: Readonly<Record<string, string>>) =>
  Object.entries(parts)
    .map(([type, value]) => `/${type}=${value.replaceAll(ASCII_MARK, "\\$&")}`)
    .join("");
