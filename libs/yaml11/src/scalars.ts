import type { KnownTag } from "./tags.ts";

/** What a scalar is once its text has been read. Timestamps stay text: no setting is a point in time. */
export type ScalarValue =
  | { readonly type: "string" | "timestamp"; readonly value: string }
  | { readonly type: "int"; readonly value: number | bigint }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "null"; readonly value: null };

/** The expressions of YAML 1.1 as PyYAML narrows them: no y/n, a float needs its dot and its exponent a sign. */
const boolean = /^(?:(yes|Yes|YES|true|True|TRUE|on|On|ON)|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const nothing = /^(?:~|null|Null|NULL|)$/;
const integer =
  /^[-+]?(?:0b[01_]*[01][01_]*|0[0-7_]+|0|[1-9][0-9_]*(?::[0-5]?[0-9])*|0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*)$/;
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/;
const special = /^(?:([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const timestamp =
  /^\d{4}-\d\d-\d\d$|^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?$/;

/** What any of these begins with. Most text begins otherwise, and six expressions cost more than one. */
const beginsLikeAny = /^(?:[-+.~0-9nNyYtTfFoO]|$)/;

/** No number is meant to be longer; a quadratic conversion of 200 000 digits is. */
const LONGEST_NUMBER = 1000;

/** The value of unquoted text. */
export function resolvePlain(text: string): ScalarValue {
  if (text.length > LONGEST_NUMBER || !beginsLikeAny.test(text)) return { type: "string", value: text };
  if (nothing.test(text)) return { type: "null", value: null };
  if (boolean.test(text)) return { type: "bool", value: boolean.exec(text)?.[1] !== undefined };
  if (integer.test(text)) return { type: "int", value: toInteger(text) };
  if (float.test(text)) return { type: "float", value: toFloat(text) };
  if (special.test(text)) return { type: "float", value: toSpecial(text) };
  return { type: timestamp.test(text) ? "timestamp" : "string", value: text };
}

/** The value of text with an explicit tag such as `!!int`; undefined when the text is not of that type. */
export function resolveTagged(text: string, tag: KnownTag): ScalarValue | undefined {
  if (tag === "str") return { type: "string", value: text };
  const plain = resolvePlain(text);
  if (tag === "float") return toTaggedFloat(text, plain);
  return plain.type === tag ? plain : undefined;
}

/** Python's `float()` takes what the plain form does not: whole numbers and exponents without a sign. */
function toTaggedFloat(text: string, plain: ScalarValue): ScalarValue | undefined {
  if (plain.type === "float") return plain;
  if (plain.type === "int") return { type: "float", value: Number(plain.value) };
  return /^[-+]?\d+(?:\.\d*)?[eE][-+]?\d+$/.test(text) ? { type: "float", value: Number(text) } : undefined;
}

/** Exact at any size: a bigint beyond what a number holds. */
function toInteger(text: string): number | bigint {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  const value = text.startsWith("-") ? -magnitude(digits) : magnitude(digits);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function magnitude(digits: string): bigint {
  if (/^0[bx]/.test(digits)) return BigInt(digits);
  if (digits.startsWith("0")) return BigInt(`0o${digits}`);
  return digits.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
}

function toFloat(text: string): number {
  const digits = text.replaceAll("_", "").replace(/^[-+]/, "");
  const value = digits.includes(":") ? toSexagesimal(digits) : Number(digits);
  return text.startsWith("-") ? -value : value;
}

const toSexagesimal = (digits: string) => digits.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

function toSpecial(text: string): number {
  const sign = special.exec(text)?.[1];
  if (sign === undefined) return Number.NaN;
  return sign === "-" ? -Infinity : Infinity;
}
