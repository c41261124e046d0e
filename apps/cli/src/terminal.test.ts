import { expect, it } from "vitest";
import { formatFailure } from "./terminal.ts";

it("keeps remedies of several lines below each other", () => {
  const failure = { code: "BACKUP_NOTHING_SAVED", message: "Nothing.\nnear: full.", remedy: "near: a\nvault: b" };
  expect(formatFailure(failure).split("\n")).toEqual([
    "Nothing.",
    "near: full.",
    "  → near: a",
    "    vault: b",
    "  (BACKUP_NOTHING_SAVED)",
  ]);
});
