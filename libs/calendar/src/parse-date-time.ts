import { FIRST_YEAR, LAST_YEAR, MINUTE, SECOND, type Calendar } from "./calendar.ts";
import { parseField, type FieldRule } from "./parse-field.ts";
import { fail, splitPart, type Part } from "./part.ts";

export type DateFields = Pick<Calendar, "year" | "month" | "day" | "fromMonthEnd">;
export type TimeFields = Pick<Calendar, "hour" | "minute" | "second">;

const RULES = {
  year: { name: "year", first: FIRST_YEAR, last: LAST_YEAR, complete: completeYear },
  month: { name: "month", first: 1, last: 12 },
  day: { name: "day", first: 1, last: 31 },
  /** Every month has 28 days to count back. */
  dayFromEnd: { name: "day before the end of the month", first: 1, last: 28, backwards: true },
  hour: { name: "hour", first: 0, last: 23 },
  minute: { name: "minute", first: 0, last: 59 },
  second: { name: "second", first: 0, last: MINUTE - 1, fraction: true },
} as const satisfies Record<string, FieldRule>;

/** `year-month-day` or `month-day`; a `~` before the day counts it from the month's end. */
export function parseDate(part: Part): DateFields {
  const pieces = splitPart(part, "-~");
  const day = pieces.pop()!;
  const month = pieces.pop();
  const year = pieces.pop();
  const separators = part.text.replaceAll(/[^-~]/g, "");
  if (!month || pieces.length > 0 || !/^-?[-~]$/.test(separators))
    return fail(part, `'${part.text}' is neither a date, as in '2027-12-31' or '*-*~01', nor a time, as in '06:30'`);
  const fromEnd = separators.endsWith("~");
  const days = parseField(day, fromEnd ? RULES.dayFromEnd : RULES.day);
  return {
    year: year && parseField(year, RULES.year),
    month: parseField(month, RULES.month),
    day: days,
    fromMonthEnd: fromEnd && days !== undefined,
  };
}

/** `hour:minute` or `hour:minute:second`. */
export function parseTime(part: Part): TimeFields {
  const [hour, minute, second, extra] = splitPart(part, ":");
  if (!hour || !minute || extra) return fail(part, `'${part.text}' is no time, as in '06:30' or '06:30:00'`);
  return {
    hour: parseField(hour, RULES.hour),
    minute: parseField(minute, RULES.minute),
    second: second ? parseField(second, RULES.second) : [{ from: 0 }],
  };
}

/** `@` and seconds since 1970: one instant. */
export function parseUnixTime(part: Part): DateFields & TimeFields {
  if (!/^@\d+$/.test(part.text)) return fail(part, `'${part.text}' is not '@' and whole seconds since 1970`);
  const seconds = Number(part.text.slice(1));
  if (seconds * 1000 >= Date.UTC(LAST_YEAR + 1, 0))
    return fail(part, `'${part.text}' is later than the year ${LAST_YEAR}`);
  const at = new Date(seconds * 1000);
  return {
    year: [{ from: at.getUTCFullYear() }],
    month: [{ from: at.getUTCMonth() + 1 }],
    day: [{ from: at.getUTCDate() }],
    fromMonthEnd: false,
    hour: [{ from: at.getUTCHours() }],
    minute: [{ from: at.getUTCMinutes() }],
    second: [{ from: at.getUTCSeconds() * SECOND }],
  };
}

/** Two digits are a year from 1970 to 2069. */
function completeYear(year: number): number {
  if (year >= 100) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}
