import { DAY, FIRST_YEAR, HOUR, LAST_YEAR, MINUTE, type Calendar, type Field, type Span } from "./calendar.ts";
import { openTimeZone } from "./time-zone.ts";

/**
 * The first instant strictly later than `after` that the expression names, or undefined when there is none until the end
 * of 2199. Fractions finer than a millisecond are rounded up to the next one.
 *
 * The wall clock is that of the expression's own zone, else of `timeZone`. A time that daylight saving skips does not
 * happen on that day. One that happens twice counts once, the first time; started between the two, the second counts.
 *
 * @throws RangeError when `timeZone` is no name of the time zone database.
 */
export function nextInstant(calendar: Calendar, after: Date, timeZone: string): Date | undefined {
  const zone = openTimeZone(calendar.timeZone ?? timeZone);
  let from = zone.localAt(after.getTime()) * 1000 + 1;
  for (;;) {
    const local = nextLocal(calendar, from);
    if (local === undefined) return undefined;
    const localMs = Math.ceil(local / 1000);
    const instant = zone.instantsOf(localMs).find((candidate) => candidate > after.getTime());
    if (instant !== undefined) return new Date(instant);
    from = zone.endOfGap(localMs) * 1000;
  }
}

/** The first wall clock time from `from` on, in microseconds, in a world without time zones. */
function nextLocal(calendar: Calendar, from: number): number | undefined {
  const today = Math.floor(from / DAY) * DAY;
  for (const date of datesFrom(calendar, today)) {
    const time = nextTimeOfDay(calendar, date === today ? from - today : 0);
    if (time !== undefined) return date + time;
  }
  return undefined;
}

/** The matching days from `today` on, as the microseconds at which each begins. */
function* datesFrom(calendar: Calendar, today: number): Generator<number> {
  const first = new Date(today / 1000);
  const startYear = Math.max(first.getUTCFullYear(), FIRST_YEAR);
  for (const year of valuesOf(calendar.year, startYear, LAST_YEAR))
    for (const month of valuesOf(calendar.month, year === first.getUTCFullYear() ? first.getUTCMonth() + 1 : 1, 12))
      for (const date of datesOfMonth(calendar, year, month)) if (date >= today) yield date;
}

function* datesOfMonth(calendar: Calendar, year: number, month: number): Generator<number> {
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const days = calendar.fromMonthEnd ? calendar.day?.map((span) => fromMonthEnd(span, lastDay)) : calendar.day;
  for (const day of valuesOf(days, 1, lastDay)) {
    const date = new Date(Date.UTC(year, month - 1, day));
    const weekday = (date.getUTCDay() + 6) % 7;
    if (calendar.weekdays?.has(weekday) ?? true) yield date.getTime() * 1000;
  }
}

/** `~07` is the day six before the last; a range keeps its days and its steps still count towards the last. */
function fromMonthEnd({ from, to, step }: Span, lastDay: number): Span {
  const start = lastDay - (to ?? from) + 1;
  return {
    from: start,
    ...(to === undefined ? {} : { to: lastDay - from + 1 }),
    ...(step === undefined ? {} : { step }),
  };
}

/** The first matching time of a day that is not before `from`, both in microseconds since midnight. */
function nextTimeOfDay(calendar: Calendar, from: number): number | undefined {
  const fromHour = Math.floor(from / HOUR);
  for (const hour of valuesOf(calendar.hour, fromHour, 23)) {
    const left = Math.max(0, from - hour * HOUR);
    const fromMinute = Math.floor(left / MINUTE);
    for (const minute of valuesOf(calendar.minute, fromMinute, 59)) {
      const second = nextValue(calendar.second, Math.max(0, left - minute * MINUTE), MINUTE - 1);
      if (second !== undefined) return hour * HOUR + minute * MINUTE + second;
    }
  }
  return undefined;
}

function* valuesOf(field: Field, from: number, last: number): Generator<number> {
  for (let value = nextValue(field, from, last); value !== undefined; value = nextValue(field, value + 1, last))
    yield value;
}

/** The smallest value of `field` in `from..last`. */
function nextValue(field: Field, from: number, last: number): number | undefined {
  const next = field ? Math.min(...field.map((span) => nextInSpan(span, from))) : from;
  return next <= last ? next : undefined;
}

function nextInSpan({ from: start, to, step }: Span, from: number): number {
  if (start >= from) return start;
  if (step === undefined) return Infinity;
  const value = start + step * Math.ceil((from - start) / step);
  return value <= (to ?? Infinity) ? value : Infinity;
}
