import { OperatorError } from "@appliance/errors";
import { expect, it } from "vitest";
import { asWriteFailure } from "./write-failure.ts";

const systemError = (code: string) => Object.assign(new Error(`${code}: secret/path`), { code, syscall: "write" });

it.each([
  ["ENOSPC", "DISK_FULL"],
  ["EDQUOT", "DISK_FULL"],
  ["EIO", "FILE_NOT_WRITTEN"],
  ["EROFS", "FILE_NOT_WRITTEN"],
])("%s is shown to the operator as %s, with the path that was meant", (code, expected) => {
  const cause = systemError(code);
  expect(asWriteFailure("/data/etc/x", cause)).toMatchObject({ code: expected, cause });
  expect(String(asWriteFailure("/data/etc/x", cause))).toMatch(/\/data\/etc\/x could not be written/);
});

it("leaves bugs and failures that are already understood as they are", () => {
  for (const error of [new TypeError("bug"), new OperatorError("DISK_FULL", "x", { remedy: "y" }), "thrown text"])
    expect(asWriteFailure("/x", error)).toBe(error);
});
