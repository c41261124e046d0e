import { OperatorError, suggest } from "@appliance/errors";
import type { Calendar } from "./calendar.ts";
import { parseDate, parseTime, parseUnixTime, type DateFields } from "./parse-date-time.ts";
import { parseWeekdays } from "./parse-weekdays.ts";
import { fail, InvalidPart, splitWords, type Part } from "./part.ts";
import { isTimeZone } from "./time-zone.ts";

/** The words that stand for a whole expression; case does not count. */
const SHORTHANDS = new Map([
  ["minutely", "*-*-* *:*:00"],
  ["hourly", "*-*-* *:00:00"],
  ["daily", "*-*-* 00:00:00"],
  ["weekly", "Mon *-*-* 00:00:00"],
  ["monthly", "*-*-01 00:00:00"],
  ["quarterly", "*-01,04,07,10-01 00:00:00"],
  ["semiannually", "*-01,07-01 00:00:00"],
  ["semi-annually", "*-01,07-01 00:00:00"],
  ["biannually", "*-01,07-01 00:00:00"],
  ["bi-annually", "*-01,07-01 00:00:00"],
  ["annually", "*-01-01 00:00:00"],
  ["anually", "*-01-01 00:00:00"],
  ["yearly", "*-01-01 00:00:00"],
]);

const ANY_DATE: DateFields = { year: undefined, month: undefined, day: undefined, fromMonthEnd: false };
const MIDNIGHT: Part = { text: "00:00:00", column: 0 };

/** Far more than any schedule needs; a text of megabytes is not taken apart, nor repeated in an error. */
const LONGEST = 1000;

/**
 * Reads a systemd OnCalendar expression such as `Mon..Fri *-*-* 06:30:00 Europe/Vienna`.
 * @throws OperatorError `CALENDAR_INVALID` with the column, the value and what to write instead.
 * @see systemd.time(7), CALENDAR EVENTS
 */
export function parseCalendar(text: string): Calendar {
  if (text.length > LONGEST)
    throw invalid(
      `A calendar expression has ${text.length} characters, ${LONGEST} are allowed`,
      "Split it into several schedules.",
    );
  try {
    return parseWords(splitWords(text));
  } catch (error) {
    if (!(error instanceof InvalidPart)) throw error;
    const { part, message, remedy } = error;
    throw invalid(`Calendar expression '${text}', column ${part.column}: ${message}`, remedy);
  }
}

function invalid(message: string, remedy: string): OperatorError {
  return new OperatorError("CALENDAR_INVALID", message, { remedy });
}

function parseWords(words: readonly Part[]): Calendar {
  const { rest, timeZone } = takeTimeZone(words);
  const [first, second] = rest;
  if (!first) return fail({ text: "", column: 1 }, "it is empty");
  const meaning = SHORTHANDS.get(first.text.toLowerCase());
  if (meaning === undefined) return parseParts(rest, timeZone);
  if (second) return failRest(second);
  return parseParts(splitWords(meaning), timeZone);
}

/** The last word, where it names a zone and something stands before it. */
function takeTimeZone(words: readonly Part[]): { rest: readonly Part[]; timeZone: string | undefined } {
  const name = words.length > 1 ? words.at(-1)!.text : "";
  if (!isTimeZone(name)) return { rest: words, timeZone: undefined };
  return { rest: words.slice(0, -1), timeZone: name.toUpperCase() === "UTC" ? "UTC" : name };
}

/** `[weekdays] [date] [time]`; without a time midnight is meant. */
function parseParts(words: readonly Part[], timeZone: string | undefined): Calendar {
  const left = [...words];
  const takeIf = (pattern: RegExp) => (pattern.test(left[0]?.text ?? "") ? left.shift() : undefined);
  const weekdayPart = takeIf(/^[A-Za-z]/);
  const unixPart = takeIf(/^@/);
  const datePart = unixPart ? undefined : takeIf(/^[^:]+$/);
  const timePart = unixPart ? undefined : left.shift();
  if (left[0]) return failRest(left[0]);
  const weekdays = weekdayPart && parseWeekdays(weekdayPart, [...SHORTHANDS.keys()]);
  if (unixPart) return { weekdays, ...parseUnixTime(unixPart), timeZone: "UTC" };
  return { weekdays, ...(datePart ? parseDate(datePart) : ANY_DATE), ...parseTime(timePart ?? MIDNIGHT), timeZone };
}

/** What is left over is most often a zone with a typing error, or the third of cron's five fields. */
function failRest(part: Part): never {
  if (!/^[A-Za-z]/.test(part.text)) return fail(part, `'${part.text}' stands where only a time zone may follow`);
  const meant = suggest(part.text, ["UTC", ...Intl.supportedValuesOf("timeZone")]);
  return fail(part, `there is no time zone '${part.text}'`, meant && `Did you mean '${meant}'?`);
}
