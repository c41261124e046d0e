import { afterEach, describe, expect, it, vi } from "vitest";
import { parseAt } from "./backup-time.ts";
import { formatTime } from "./terminal.ts";

afterEach(() => vi.unstubAllEnvs());

describe("--at", () => {
  it.each([
    ["2026-11-20", "2026-11-20T22:59:59.999Z"],
    ["2026-11-20 12:30", "2026-11-20T11:30:59.999Z"],
    ["2026-07-20T12:30:05", "2026-07-20T10:30:05.999Z"],
    ["2026-11-20T12:30:00Z", "2026-11-20T12:30:00.999Z"],
    ["2026-11-20T12:30:00.250Z", "2026-11-20T12:30:00.250Z"],
    ["2026-11-20T12:30:00+05:30", "2026-11-20T07:00:00.999Z"],
  ])("%s is %s for a host in Vienna", (text, instant) => {
    vi.stubEnv("TZ", "Europe/Vienna");
    expect(parseAt(text).toISOString()).toBe(instant);
  });

  it("takes a time as it is listed, and finds with it the backup that is listed so", () => {
    vi.stubEnv("TZ", "Europe/Vienna");
    const backup = "2026-11-20T00:30:12.456Z";
    expect(parseAt(formatTime(backup)).getTime()).toBeGreaterThanOrEqual(Date.parse(backup));
    expect(parseAt(formatTime(backup)).getTime()).toBeLessThan(Date.parse(backup) + 1000);
  });

  it.each([
    ["yesterday"],
    ["20.11.2026"],
    ["2026-02-30"],
    ["2026-02-30T12:00Z"],
    ["2026-11-20 25:00"],
    ["2026-11"],
    [""],
  ])("%s is refused with what would be taken", (text) => {
    expect(() => parseAt(text)).toThrow(
      expect.objectContaining({ code: "USAGE", remedy: expect.stringContaining("--at 2026-11-20") }),
    );
  });
});
