import { suggest } from "@appliance/errors";
import { WEEKDAYS } from "./calendar.ts";
import { fail, splitPart, type Part } from "./part.ts";

/**
 * A list of days and ranges such as `Mon..Wed,Sat`; a trailing comma is allowed, all seven days are undefined.
 * `otherWords` may stand in its place and are suggested for a typing error.
 */
export function parseWeekdays(part: Part, otherWords: readonly string[]): ReadonlySet<number> | undefined {
  const pieces = splitPart(part, ",");
  if (pieces.length > 1 && pieces.at(-1)?.text === "") pieces.pop();
  const days = new Set(pieces.flatMap((piece) => parseRange(piece, otherWords)));
  return days.size === WEEKDAYS.length ? undefined : days;
}

/** `Fri..Mon` goes round the end of the week; `Mon-Fri` is the old way to write a range. */
function parseRange(part: Part, otherWords: readonly string[]): number[] {
  const [, from, to] = /^(.*?)(?:(?:\.\.|-)(.*))?$/.exec(part.text) ?? [];
  const first = parseDay(part, from ?? "", otherWords);
  const last = to === undefined ? first : parseDay(part, to, otherWords);
  const length = ((last - first + WEEKDAYS.length) % WEEKDAYS.length) + 1;
  return Array.from({ length }, (_, i) => (first + i) % WEEKDAYS.length);
}

function parseDay(part: Part, name: string, otherWords: readonly string[]): number {
  const wanted = name.toLowerCase();
  const day = WEEKDAYS.findIndex((weekday) => [weekday, weekday.slice(0, 3)].some((n) => n.toLowerCase() === wanted));
  if (day >= 0) return day;
  const meant = suggest(name, [...WEEKDAYS, ...WEEKDAYS.map((d) => d.slice(0, 3)), ...otherWords]);
  return fail(part, `'${name}' is neither a day of the week nor a shorthand`, meant && `Did you mean '${meant}'?`);
}
