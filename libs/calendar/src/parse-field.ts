import { SECOND, type Field, type Span } from "./calendar.ts";
import { fail, splitPart, type Part } from "./part.ts";

/** What one field of a date or time may hold, both ends included. */
export interface FieldRule {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** Seconds may have a fraction, and count in microseconds. */
  readonly fraction?: true;
  /** The day counts back from the month's last one, and so do its steps. */
  readonly backwards?: true;
  /** Turns what was written into what was meant: the year 12 into 2012. */
  readonly complete?: (value: number) => number;
}

const NUMBER = String.raw`\d+(?:\.\d+)?`;
const SPAN = new RegExp(String.raw`^(${NUMBER})(?:\.\.(${NUMBER}))?(?:/(${NUMBER}))?$`);

/** systemd allows about as many; it keeps a hostile expression from being slow. */
const MOST_SPANS = 240;

/** A field such as `*`, `1..5/2` or `1,15,20/5`. */
export function parseField(part: Part, rule: FieldRule): Field {
  if (part.text === "*") return rule.fraction ? [{ from: 0, step: SECOND }] : undefined;
  const pieces = splitPart(part, ",");
  if (pieces.length > MOST_SPANS) return fail(part, `it lists ${pieces.length} values, ${MOST_SPANS} are allowed`);
  return sortSpans(pieces.map((piece) => parseSpan(piece, rule)));
}

function parseSpan(part: Part, rule: FieldRule): Span {
  const [, from, to, step] = SPAN.exec(part.text) ?? failNoSpan(part, rule);
  const number = (text: string) => parseNumber(part, text, rule);
  const value = (text: string) => checkValue(part, rule.complete?.(number(text)) ?? number(text), rule);
  const start = value(from!);
  const every = step === undefined ? undefined : number(step);
  if (every === 0) return fail(part, `'${part.text}' steps by 0`);
  if (to !== undefined) return range(part, start, value(to), every ?? (rule.fraction ? SECOND : 1));
  return every === undefined ? { from: start } : { from: start, step: checkStep(part, start, every, rule) };
}

/** A range ends at the last value that its steps reach; one that reaches none is a single value. */
function range(part: Part, from: number, to: number, step: number): Span {
  if (to < from) return fail(part, `the range '${part.text}' ends before it begins`);
  const end = to - ((to - from) % step);
  return end === from ? { from } : { from, to: end, step };
}

function failNoSpan(part: Part, { name, first }: FieldRule): never {
  const cron = /^\*\/(\d+)$/.exec(part.text);
  if (cron) return fail(part, `'${part.text}' is no ${name}`, `Write '${first}/${cron[1]}' instead of '${part.text}'.`);
  return fail(
    part,
    `'${part.text}' is no ${name}: a number, a range 'a..b', either with '/step', a list of these, or '*'`,
  );
}

function parseNumber(part: Part, text: string, { name, fraction }: FieldRule): number {
  const [whole, decimals] = text.split(".");
  if (decimals === undefined) return Number(whole) * (fraction ? SECOND : 1);
  if (!fraction) return fail(part, `'${text}' has a fraction, which a ${name} cannot have`);
  const [micros, rounding] = [decimals.padEnd(6, "0").slice(0, 6), Number(decimals[6] ?? 0) >= 5 ? 1 : 0];
  return Number(whole) * SECOND + Number(micros) + rounding;
}

function checkValue(part: Part, value: number, { name, first, last, fraction }: FieldRule): number {
  if (value >= first && value <= last) return value;
  const greatest = fraction ? Math.floor(last / SECOND) : last;
  return fail(part, `'${part.text}' is no ${name}, which goes from ${first} to ${greatest}`);
}

/** A step that leads to no second value is a mistake. */
function checkStep(part: Part, from: number, step: number, { name, first, last, backwards }: FieldRule): number {
  const second = backwards ? from - step : from + step;
  if (second >= first && second <= last) return step;
  return fail(part, `'${part.text}' steps beyond the ${backwards ? "end of the month" : `last ${name}`} at once`);
}

/** In ascending order and without repeats, so that two ways to write a list have one normalized form. */
function sortSpans(spans: readonly Span[]): Span[] {
  const key = ({ from, to, step }: Span) => [from, to ?? -1, step ?? 0] as const;
  const compare = (a: Span, b: Span) =>
    key(a)
      .map((value, i) => value - key(b)[i]!)
      .find((difference) => difference !== 0) ?? 0;
  return [...spans].sort(compare).filter((span, i, all) => i === 0 || compare(span, all[i - 1]!) !== 0);
}
