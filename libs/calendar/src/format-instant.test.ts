import { expect, it } from "vitest";
import { formatInstant } from "./format-instant.ts";

it("writes an instant in whole seconds and with its zone", () => {
  expect(formatInstant(new Date("2026-11-20T12:30:05.999Z"))).toBe("2026-11-20 12:30:05 UTC");
});
