import { SECOND, WEEKDAYS, type Calendar, type Field, type Span } from "./calendar.ts";

/** The normalized form of an expression, letter for letter as `systemd-analyze calendar` prints it. */
export function formatCalendar(calendar: Calendar): string {
  const { year, month, day, hour, minute, second } = calendar;
  const date = `${formatField(year, 4)}-${formatField(month, 2)}${calendar.fromMonthEnd ? "~" : "-"}${formatField(day, 2)}`;
  const time = `${formatField(hour, 2)}:${formatField(minute, 2)}:${formatSeconds(second)}`;
  const weekdays = calendar.weekdays ? [formatWeekdays(calendar.weekdays)] : [];
  return [...weekdays, date, time, ...(calendar.timeZone ? [calendar.timeZone] : [])].join(" ");
}

function formatField(field: Field, width: number): string {
  return field ? field.map((span) => formatSpan(span, 1, (n) => String(n).padStart(width, "0"))).join(",") : "*";
}

function formatSeconds(field: Field): string {
  const only = field?.length === 1 ? field[0] : undefined;
  if (!field || (only?.from === 0 && only.step === SECOND && only.to === undefined)) return "*";
  return field.map((span) => formatSpan(span, SECOND, (n) => decimal(n, 2))).join(",");
}

/** A range says `/step` only where it is not the step that a range has anyway. */
function formatSpan({ from, to, step }: Span, unit: number, show: (value: number) => string): string {
  const range = to === undefined ? show(from) : `${show(from)}..${show(to)}`;
  if (step === undefined || (to !== undefined && step === unit)) return range;
  return `${range}/${unit === 1 ? step : decimal(step, 1)}`;
}

/** Microseconds as seconds, with all six decimals or none. */
function decimal(value: number, width: number): string {
  const whole = String(Math.floor(value / SECOND)).padStart(width, "0");
  return value % SECOND === 0 ? whole : `${whole}.${String(value % SECOND).padStart(6, "0")}`;
}

/** Three days or more in a row become a range, two a list. */
function formatWeekdays(weekdays: ReadonlySet<number>): string {
  const runs: number[][] = [];
  for (const day of [...weekdays].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && run.at(-1) === day - 1) run.push(day);
    else runs.push([day]);
  }
  const short = (day: number | undefined) => WEEKDAYS[day ?? 0]?.slice(0, 3);
  return runs
    .map((run) => (run.length > 2 ? `${short(run[0])}..${short(run.at(-1))}` : run.map(short).join(",")))
    .join(",");
}
