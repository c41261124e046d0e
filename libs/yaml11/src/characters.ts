import { MOST_PROBLEMS, type Fault, type Report } from "./problems.ts";

/** C0 without tab and line ends, DEL, C1, a carriage return on its own, and what Unicode will never assign. */
const control = /[[\p{Cc}--[\t\n\r]]\p{Noncharacter_Code_Point}]|\r(?!\n)/gv;

/** Text that shows otherwise than it is read: direction controls, zero-width characters, Unicode's own line ends, tags. */
const invisible = /[\u061C\u200B-\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;

/** In a value the escapes `\0`, `\e` and `\ud800` bring these in; no setting of a server means them. */
const neverInValue = /[[\p{Cc}--[\t\n\r\x85]]\p{Noncharacter_Code_Point}\p{Surrogate}]/v;

/**
 * Reports characters that must not stand in a file, comments included, since what a reviewer sees has to be what is read.
 * @returns the text with control characters replaced, for a parser that gives some of them a meaning of its own.
 */
export function checkCharacters(text: string, report: Report): string {
  for (const { index, 0: found } of firstMatches(text, invisible)) report(index, invisibleFault(found));
  for (const { index, 0: found } of firstMatches(text, control)) report(index, controlFault(found));
  return text.replace(control, (character) => "\uFFFD".repeat(character.length));
}

/** One more than are shown, so that the rest is known to be there. */
const firstMatches = (text: string, pattern: RegExp) => text.matchAll(pattern).take(MOST_PROBLEMS + 1);

/** What is wrong with a value after its escapes were read; nothing for most. */
export function faultOfValue(value: string): Fault | undefined {
  const [character] = neverInValue.exec(value) ?? [];
  return character === undefined ? undefined : controlFault(character);
}

function controlFault(character: string): Fault {
  return { message: `control character ${codePoint(character)}`, remedy: "Delete it; base64 carries binary content." };
}

function invisibleFault(character: string): Fault {
  const remedy = `Delete it; where it is meant, write it as an escape in double quotes: ${escape(character)}`;
  return { message: `invisible character ${codePoint(character)}`, remedy };
}

const hex = (character: string) => (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
const codePoint = (character: string) => `U+${hex(character).padStart(4, "0")}`;
const escape = (character: string) =>
  hex(character).length > 4 ? `\\U${hex(character).padStart(8, "0")}` : `\\u${hex(character).padStart(4, "0")}`;
