/** Compares with systemd-analyze(1), which is what "an OnCalendar expression" means. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formatCalendar, nextInstant, parseCalendar, type Calendar } from "./index.ts";
import { generateExpressions } from "./testing/generate-expressions.ts";

const ITERATIONS = 5;
const GENERATED = 250;
const SEED = 20_261_122;

/** The bases stand at the changes of the clock: before, in the first and in the second pass of an hour, and after. */
const PLACES: [timeZone: string, ...bases: string[]][] = [
  ["UTC", "2026-02-28T23:59:59Z", "2027-12-31T12:00:00Z"],
  ["Europe/Vienna", "2026-03-28T23:10:00Z", "2026-03-29T00:59:59Z", "2026-11-22T19:00:00Z"],
  ["America/New_York", "2026-03-08T06:30:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:20:00Z"],
  ["Asia/Kolkata", "2026-06-30T18:29:59Z", "1999-12-31T18:00:00Z"],
  ["Pacific/Apia", "2011-12-29T09:00:00Z"],
];

/** Here systemd answers `~` with an instant of the other pass, even an earlier one than the base (README). */
const PLACES_IN_OVERLAP: typeof PLACES = [
  ["Europe/Vienna", "2026-10-24T23:59:00Z", "2026-10-25T00:40:10Z", "2026-10-25T01:20:00Z"],
  ["America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T14:40:00Z", "2026-04-04T15:10:00Z"],
  ["Africa/Cairo", "2026-10-29T20:40:00Z", "2026-10-29T21:10:00Z"],
];

/** The expressions of a text that separates them by ` | ` and line ends. */
const list = (text: string) => text.trim().split(/ \| |\n */);

const WRITTEN = list(`
  minutely | hourly | daily | weekly | monthly | quarterly | semiannually | yearly | annually | semi-annually
  biannually | bi-annually | anually | DAILY | weekly Pacific/Auckland | daily utc | Thu,Fri 2027-*-1,5 11:12:13
  Sat,Thu,Mon..Wed,Sat..Sun | Mon,Sun 27-*-* 2,1:23 | Wed *-1 | Wed..Wed,Wed *-1 | Wed, 17:48
  Wed..Sat,Tue 27-10-15 1:2:3 | *-*-7 0:0:0 | 10-15 | monday *-12-* 17:00 | Mon-Fri 4:5 | Mon,Fri *-*-3,1,2 *:30:45
  12,14,13,12:20,10,30 | 12..14:10,20,30 | mon,fri *-1/2-1,3 *:30:45 | Mon, | 03-05 08:05:40 | 08:05:40 | 05:40
  Sat,Sun 12-05 08:05:40 | Sat,Sun 08:05:40 | 2003-03-05 05:40 | 05:40:23.4200004/3.1700005 | 2003-02..04-05
  2003-03-05 05:40 UTC | *:2/3 | *-02-31 | Mon *-02-29 | *-*~1 | *-02~03 | Mon *-05~07/1 | *-*~01..07 | *-*~1..6/2
  *-*~28 | *-*~* | 2~1 | *-*-31 | *-*-29..31 | *:0/15 | 02:30 | *-*-* 02:00:00 | 02:29:59 | 01:45 | 00:00 | *:*:0/20
  *:*:* | 2:59:59 | 3:00 | *:30 | 0/2:30 | 1..3:*:30 | Sun 02:15 | Sun 01:30:00 America/New_York | 23:59:59 UTC
  @1799999999 | Mon @1799971200 | @5 Europe/Vienna | 70-1-1 | 69-1-1 | 2199-12-31 | 5-6-7 8:9 | 0..0:5 | *-*-5..5
  *:0/59 | *:1..4/5 | *:1..5/4 | 1:2:3.5..7.5 | 1:2:3.1234565 | 1:2:3.12345649 | *:*:0..58/2 | *:*:0/1 | 1,1,1:2
  1:2,1/3 | 1..3,2..4:0 | *-*-1/30 | *-*-1..5/90 | Mon..Sun 1:1 | daily Etc/GMT+3 | 12:00 GMT
  *-*-* 02:30 Europe/Vienna | 0/6:00 Australia/Lord_Howe | 2026-10-25 02:15
`);

/** The short names of the past are in a package of their own since Debian 13, tzdata-legacy. */
const WITH_OLD_ZONES = existsSync("/usr/share/zoneinfo/HST") ? ["daily HST"] : [];

const REFUSED = list(`
  bogus | 12 | * | Mon.. | Mon,,Tue | Mon, Tue | Mon ,Tue | ,Mon | Mon..Wed..Fri | Mond | Mon @x | @1.5
  @99999999999 | daily 12:00 | 12:00 10-15 | 10-15 Mon | 10-15 UTC UTC | 12:00 Z | daily GMT+3 | daily +01:00
  daily IST | +5:10 | 100-1-1 | 2200-1-1 | 1969-1-1 | *-0-1 | *-13-1 | *-*-0 | *-*-32 | 24:00 | 0:60 | 1:2:60
  1:2:59.9999999 | *-*-5..3 | *:0/0 | *:0/60 | *:30/30 | *-1/12-1 | *-*-2/30 | *-*~29 | *-*~07..01 | *-*~1/5 | 2~3-4
  1:2:3. | 1:2:3.5.. | 1.5:0 | *-*-*-* | 1:2:3:4 | *:*/5 | *:1, | *:,1 | 0 3 * * * | *,1:0 | 1--2 | 1-
`);

/** An expression, its normalized form and its next instants, cut to seconds as systemd-analyze prints them. */
const answer = (...parts: readonly string[]) => parts.join(" | ");

function askSystemd(expressions: readonly string[], timeZone: string, base: string): string[] {
  const seconds = Math.floor(Date.parse(base) / 1000);
  const options = [`--base-time=@${seconds}`, `--iterations=${ITERATIONS}`];
  const env = { PATH: process.env["PATH"], TZ: timeZone };
  const printed = execFileSync("systemd-analyze", ["calendar", ...options, "--", ...expressions], {
    env,
    encoding: "utf8",
  });
  return printed
    .split("Normalized form: ")
    .slice(1)
    .map((block, i) => answer(expressions[i]!, ...readBlock(block)));
}

/** A block is the normalized form and, for each instant, a line that ends with it in UTC. */
function readBlock(block: string): string[] {
  const [normalized = "", ...lines] = block.split("\n");
  const instants = lines.map((line) => / (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/.exec(line));
  return [normalized, ...instants.flatMap((match) => (match ? [`${match[1]}T${match[2]}Z`] : []))];
}

function askCalendar(expressions: readonly string[], timeZone: string, base: string): string[] {
  return expressions.map((expression) => {
    const calendar = parseCalendar(expression);
    const instants = firstInstants(calendar, timeZone, new Date(base));
    return answer(expression, formatCalendar(calendar), ...instants.map((at) => `${at.toISOString().slice(0, 19)}Z`));
  });
}

function firstInstants(calendar: Calendar, timeZone: string, base: Date): Date[] {
  const instants: Date[] = [];
  while (instants.length < ITERATIONS) {
    const next = nextInstant(calendar, instants.at(-1) ?? base, timeZone);
    if (!next) break;
    instants.push(next);
  }
  return instants;
}

const each = (places: typeof PLACES) =>
  places.flatMap(([timeZone, ...bases]) => bases.map((base) => ({ timeZone, base })));

describe("an OnCalendar expression means what systemd makes of it", () => {
  const expressions = [...WRITTEN, ...WITH_OLD_ZONES, ...generateExpressions(SEED, GENERATED)];
  const withoutMonthEnd = expressions.filter((expression) => !expression.includes("~"));

  it.each(each(PLACES))("in $timeZone from $base", ({ timeZone, base }) => {
    expect(askCalendar(expressions, timeZone, base)).toEqual(askSystemd(expressions, timeZone, base));
  });

  it.each(each(PLACES_IN_OVERLAP))("in $timeZone from $base, in an hour that comes twice", ({ timeZone, base }) => {
    expect(askCalendar(withoutMonthEnd, timeZone, base)).toEqual(askSystemd(withoutMonthEnd, timeZone, base));
  });
});

it.each(REFUSED)("refuses '%s' as systemd does, with the place and a remedy", (expression) => {
  const env = { PATH: process.env["PATH"], TZ: "UTC" };
  expect(spawnSync("systemd-analyze", ["calendar", "--", expression], { env }).status).toBe(1);
  expect(() => parseCalendar(expression)).toThrow(
    expect.objectContaining({
      code: "CALENDAR_INVALID",
      message: expect.stringMatching(/column \d+: ./),
      remedy: expect.stringMatching(/./),
    }),
  );
});
