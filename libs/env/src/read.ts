import { suggest } from "@appliance/errors";
import { joinPath, type Place } from "./place.ts";
import { quote } from "./problem.ts";
import type { Check, Fields, SectionOptions, Setting, TextOptions, ValuesOf } from "./setting.ts";

const LONGEST_LINE = 1000;
const LONGEST_BLOCK = 64 * 1024;
const LONGEST_SPLIT = 16 * 1024;

/** What one line never holds: control characters, marks that turn text around, invisible blanks. */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200B-\u200F\u202A-\u202E\u2060-\u206F\u{FEFF}]/u;

/** The text of a setting, or its default; undefined when it is not set or cannot be used. */
export function readText(place: Place, options: TextOptions): string | undefined {
  const value = readScalar(place);
  if (value === undefined && !place.isUnset) return undefined; // reported already
  if (value === undefined || (value === "" && !options.mayBeEmpty)) {
    if (options.required && !place.isPart) place.error("is missing");
    return options.default;
  }
  const fault = faultOf(value, options);
  if (fault !== undefined) {
    place.error(fault);
    return undefined;
  }
  const errors = place.errorCount;
  options.check?.(value, place);
  return options.normalize && place.errorCount === errors ? options.normalize(value) : value;
}

function faultOf(value: string, { block = false, maxLength }: TextOptions): string | undefined {
  const longest = maxLength ?? (block ? LONGEST_BLOCK : LONGEST_LINE);
  if (value.length > longest) return `is longer than ${longest} characters`;
  if (block) return undefined;
  if (value.includes("\n")) return "must be one line";
  const sign = INVISIBLE.exec(value)?.[0];
  return sign === undefined ? undefined : `holds the invisible character ${codePoint(sign)}`;
}

const codePoint = (sign: string) => `U+${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;

/** One scalar as text. A number keeps the characters of the file: 1.10, 0600 and 1e3 are texts here. */
export function readScalar(place: Place): string | undefined {
  const { value } = place;
  if (place.isUnset) return undefined;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return place.source ?? String(value);
  if (typeof value === "boolean")
    place.error(`is a yes or no here; if the text ${place.source ?? value} is meant, write it in quotes`);
  else place.error(`must be text, but here is ${described(value)}`);
  return undefined;
}

const YES_OR_NO = /^(?:(yes|on|true)|no|off|false)$/i;

/** Old files have "False" in quotes as well, which the old scripts understood. */
export function readFlag(place: Place): boolean | undefined {
  const { value } = place;
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" ? YES_OR_NO.exec(value) : null;
  if (!word) {
    place.error(`must be yes or no, but here is ${described(value)}`);
    return undefined;
  }
  place.warning(`is text; it is read as ${word[1] ? "yes" : "no"}, write it without quotes`);
  return word[1] !== undefined;
}

/** One of `words`, or undefined where nothing stands or the error was told. */
export function readChoice<W extends string>(place: Place, words: readonly W[]): W | undefined {
  const source = readScalar(place);
  if (source === undefined || source === "") return undefined;
  const word = words.find((one) => one === source);
  if (word === undefined)
    place.error(`${quote(source)} must be ${words.join(" or ")}`, { suggestion: suggest(source, words) });
  return word;
}

/** A whole number of the range, written without sign, point and leading zero; undefined as for `readChoice`. */
export function readNumber(place: Place, { from, to }: { from: number; to: number }): number | undefined {
  const source = readScalar(place);
  if (source === undefined || source === "") return undefined;
  const value = /^(?:0|[1-9]\d{0,8})$/.test(source) ? Number(source) : NaN;
  if (value >= from && value <= to) return value;
  place.error(`${quote(source)} must be a whole number from ${from} to ${to}`);
  return undefined;
}

/** The value of each key of a section whose keys are the operator's own. */
export function readEntries<T>(place: Place, value: Setting<T>, checkName: Check<string>): Record<string, T> {
  const { value: data } = place;
  if (place.isUnset) return {};
  if (!isMapping(data)) {
    place.error(`must be a section with keys below it, but here is ${described(data)}`);
    return {};
  }
  const names = Object.keys(data);
  for (const name of names) checkName(name, place.key(name));
  return Object.fromEntries(names.map((name) => [name, value.read(place.at(name)) as T]));
}

/** The places of a list's items; those of a text that is split are the text's own place. */
export function itemPlaces(place: Place, split: boolean): Place[] {
  const { value } = place;
  if (place.isUnset) return [];
  if (Array.isArray(value)) return value.map((_, index) => place.at(index));
  if (split && typeof value === "string") return splitPlaces(value, place);
  const written = split ? "or one line of text" : "each line of it with '- ' in front";
  place.error(`must be a list, ${written}, but here is ${described(value)}`);
  return [];
}

function splitPlaces(value: string, place: Place): Place[] {
  if (value.length > LONGEST_SPLIT) {
    place.error(`is longer than ${LONGEST_SPLIT} characters`);
    return [];
  }
  const words = value.split(/[\s,]+/).filter((word) => word !== "");
  return words.map((word) => place.withValue(word));
}

/** Every key of a section, each set or default; unknown keys of an env.yml are warned about and otherwise left alone. */
export function readSection<F extends Fields>(place: Place, options: SectionOptions<F>): ValuesOf<F> | undefined {
  const { fields, aliases = {}, check } = options;
  if (!place.isUnset && !isMapping(place.value)) {
    place.error(`must be a section with keys below it, but here is ${described(place.value)}`);
    return undefined;
  }
  const errors = place.errorCount;
  for (const key of Object.keys(place.value ?? {})) checkKey(key, place, fields, aliases);
  const values = Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, field.read(fieldPlace(key, place, aliases))]),
  ) as ValuesOf<F>;
  if (place.errorCount === errors && !place.isPart) check?.(values, place);
  return values;
}

/** Where a field stands: under its name, or under an older one. */
function fieldPlace(key: string, place: Place, aliases: Record<string, string>): Place {
  const older = Object.keys(aliases).find((alias) => aliases[alias] === key && !place.at(alias).isUnset);
  return older !== undefined && place.at(key).isUnset ? place.at(older) : place.at(key);
}

function checkKey(key: string, place: Place, fields: Fields, aliases: Record<string, string>): void {
  if (Object.hasOwn(fields, key)) return;
  const at = place.key(key);
  const name = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
  if (name === undefined) return warnOfUnknownKey(key, place, Object.keys(fields));
  if (place.at(name).isUnset) at.warning(`is an older name of '${name}'`);
  else at.error(`means the same as '${name}', which is there too; keep one of them`);
}

function warnOfUnknownKey(key: string, place: Place, siblings: string[]): void {
  const at = place.key(key);
  const written = joinPath([...place.path, key]);
  if (key.includes(":") && place.knownPaths.includes(written)) {
    const [first, ...rest] = key.split(":");
    return at.unknownKey(`unknown key; write '${first}:' and below it, indented, '${rest.join(":")}:'`);
  }
  at.unknownKey("unknown key, it has no effect", { suggestion: suggestKey(key, place, siblings) });
}

/** Comparing words takes time with the square of their length. */
const LONGEST_COMPARED = 100;

/** A key of the same section that is nearly the same, or the same key in another section. */
function suggestKey(key: string, { knownPaths }: Place, siblings: string[]): string | undefined {
  if (key.length > LONGEST_COMPARED) return undefined;
  return suggest(key, siblings) ?? knownPaths.find((path) => path.endsWith(`:${key}`) || path === key);
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands in the file, for "but here is …". Numbers and words are short enough to be no secret block. */
function described(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isMapping(value)) return "a section";
  if (typeof value === "string") return value.includes("\n") ? "text of several lines" : "text";
  return typeof value === "boolean" ? "a yes or no" : `the number ${quote(String(value))}`;
}
