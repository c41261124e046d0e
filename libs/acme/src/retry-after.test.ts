import { describe, expect, it } from "vitest";
import { retryAfter } from "./retry-after.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const inSeconds = (headers: Record<string, string>) => {
  const at = retryAfter(headers, NOW);
  return at && (at.getTime() - NOW) / 1000;
};

describe("Retry-After", () => {
  it.each([
    ["120", 120],
    [" 0 ", 0],
    ["Sun, 01 Mar 2026 12:01:30 GMT", 90],
    ["Sunday, 01-Mar-26 12:01:30 GMT", 90],
    ["Sun Mar  1 12:01:30 2026", 90],
    ["Sun, 01 Mar 2026 11:00:00 GMT", 0],
  ])("'%s' is %s s from now", (value, seconds) => {
    expect(inSeconds({ "retry-after": value })).toBe(seconds);
  });

  it.each(["", "soon", "-5", "1.5", "1e9", "99999999999999", "2026-03-01", "Sun, 99 Mar"])(
    "'%s' is nothing",
    (value) => {
      expect(retryAfter({ "retry-after": value }, NOW)).toBeUndefined();
    },
  );

  it("as a date counts from the server's clock, so that ours may be ten years off", () => {
    const headers = { date: "Sun, 01 Mar 2036 12:00:00 GMT", "retry-after": "Sun, 01 Mar 2036 12:05:00 GMT" };
    expect(inSeconds(headers)).toBe(300);
  });
});
