import { describe, expect, it } from "vitest";
import { formatCalendar, nextInstant, parseCalendar } from "./index.ts";

const next = (expression: string, after: string, timeZone = "UTC") =>
  nextInstant(parseCalendar(expression), new Date(after), timeZone)?.toISOString();

const failureOf = (expression: string): unknown => {
  try {
    return formatCalendar(parseCalendar(expression));
  } catch (error) {
    return error;
  }
};

describe("the wall clock", () => {
  it("is the host's, unless the expression names a zone", () => {
    expect(next("06:30", "2026-01-01T00:00:00Z", "Europe/Vienna")).toBe("2026-01-01T05:30:00.000Z");
    expect(next("06:30 UTC", "2026-01-01T00:00:00Z", "Europe/Vienna")).toBe("2026-01-01T06:30:00.000Z");
  });

  it("gives an instant later than the one it starts from, never the same", () => {
    expect(next("daily", "2026-01-01T00:00:00Z")).toBe("2026-01-02T00:00:00.000Z");
  });

  it("leaves out a time that daylight saving skips", () => {
    expect(next("02:30", "2026-03-28T12:00:00Z", "Europe/Vienna")).toBe("2026-03-30T00:30:00.000Z");
    expect(next("*:0/30", "2026-03-29T00:30:00Z", "Europe/Vienna")).toBe("2026-03-29T01:00:00.000Z");
    expect(next("2026-03-29 02:30", "2026-03-28T12:00:00Z", "Europe/Vienna")).toBeUndefined();
  });

  it("takes a time that comes twice once, at its first pass", () => {
    expect(next("02:30", "2026-10-24T12:00:00Z", "Europe/Vienna")).toBe("2026-10-25T00:30:00.000Z");
    expect(next("02:30", "2026-10-25T00:30:00Z", "Europe/Vienna")).toBe("2026-10-26T01:30:00.000Z");
  });

  it("carries on in the second pass when it starts from there", () => {
    expect(next("02:30", "2026-10-25T01:10:00Z", "Europe/Vienna")).toBe("2026-10-25T01:30:00.000Z");
  });

  it("skips a midnight that the clock leaves out and a day that the calendar leaves out", () => {
    expect(next("daily", "2026-09-05T12:00:00Z", "America/Santiago")).toBe("2026-09-07T03:00:00.000Z");
    expect(next("hourly", "2026-09-06T03:30:00Z", "America/Santiago")).toBe("2026-09-06T04:00:00.000Z");
    expect(next("12:00", "2011-12-30T00:00:00Z", "Pacific/Apia")).toBe("2011-12-30T22:00:00.000Z");
  });

  it("counts `~` from the month's last day in the pass that it starts from", () => {
    expect(next("*-*~1..10 *:*", "2026-10-25T01:20:00Z", "Europe/Vienna")).toBe("2026-10-25T01:21:00.000Z");
  });
});

describe("an expression that never comes", () => {
  it.each(["*-02-31", "Mon 2026-11-24", "2003-03-05", "*-04,06-31 12:00", "*-02-30 *:*:0/0.000001"])(
    "%s ends at once",
    (text) => {
      const start = performance.now();
      expect(next(text, "2026-11-22T00:00:00Z", "Europe/Vienna")).toBeUndefined();
      expect(performance.now() - start).toBeLessThan(1000);
    },
  );

  it("ends with the year 2199", () => {
    expect(next("yearly", "2198-06-01T00:00:00Z")).toBe("2199-01-01T00:00:00.000Z");
    expect(next("yearly", "2199-06-01T00:00:00Z")).toBeUndefined();
  });
});

describe("fractions of a second", () => {
  it("are rounded up to the next millisecond, so that nothing runs too early", () => {
    expect(next("00:00:01.0001", "2026-01-01T00:00:00Z")).toBe("2026-01-01T00:00:01.001Z");
  });

  it("move on even where several fall into one millisecond", () => {
    expect(next("*:*:0/0.0001", "2026-01-01T00:00:00.001Z")).toBe("2026-01-01T00:00:00.002Z");
  });
});

describe("normalized form", () => {
  it.each([
    ["Mon,Sun 12-*-* 2,1:23", "Mon,Sun 2012-*-* 01,02:23:00"],
    ["Sat,Thu,Mon..Wed,Sat..Sun", "Mon..Thu,Sat,Sun *-*-* 00:00:00"],
    ["Fri..Mon 6:00", "Mon,Fri..Sun *-*-* 06:00:00"],
    ["  daily   utc ", "*-*-* 00:00:00 UTC"],
    ["*-5~7/1", "*-05~07/1 00:00:00"],
    ["5:40:23.4200004/3.1700005", "*-*-* 05:40:23.420000/3.170001"],
  ])("of '%s' is '%s', and is its own normalized form", (text, normalized) => {
    expect(formatCalendar(parseCalendar(text))).toBe(normalized);
    expect(formatCalendar(parseCalendar(normalized))).toBe(normalized);
  });
});

describe("a wrong expression", () => {
  it.each([
    [
      "daly",
      "Calendar expression 'daly', column 1: 'daly' is neither a day of the week nor a shorthand",
      "Did you mean 'daily'?",
    ],
    [
      "12:00 Europe/Viena",
      "Calendar expression '12:00 Europe/Viena', column 7: there is no time zone 'Europe/Viena'",
      "Did you mean 'Europe/Vienna'?",
    ],
    ["*:*/5", "Calendar expression '*:*/5', column 3: '*/5' is no minute", "Write '0/5' instead of '*/5'."],
    [
      "*-13-01",
      "Calendar expression '*-13-01', column 3: '13' is no month, which goes from 1 to 12",
      expect.stringContaining("systemd.time(7)"),
    ],
    [
      "0 3 * * *",
      "Calendar expression '0 3 * * *', column 5: '*' stands where only a time zone may follow",
      expect.stringContaining("'daily'"),
    ],
    ["", "Calendar expression '', column 1: it is empty", expect.stringContaining("'daily'")],
    ["daily IST", "Calendar expression 'daily IST', column 7: there is no time zone 'IST'", expect.anything()],
  ])("'%s' is refused with its place and what to write instead", (text, message, remedy) => {
    expect(failureOf(text)).toMatchObject({ code: "CALENDAR_INVALID", message, remedy });
  });

  it("is refused quickly however long it is", () => {
    expect(failureOf(`*:${"1,".repeat(50_000)}1`)).toMatchObject({ code: "CALENDAR_INVALID" });
    expect(failureOf("a".repeat(100_000))).toMatchObject({ code: "CALENDAR_INVALID" });
  });
});
