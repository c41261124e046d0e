import { describe, expect, it } from "vitest";
import { parseRequest } from "./command.ts";

describe("parseRequest", () => {
  it("takes a target, a time and a run, and none of them", () => {
    expect(parseRequest(["--target", "main", "--at=2026-11-20T12:00:00Z", "--run", "r1", "--replace"])).toEqual({
      target: "main",
      at: "2026-11-20T12:00:00Z",
      runId: "r1",
      replace: true,
    });
    expect(parseRequest([])).toMatchObject({ target: null, at: null, replace: false });
  });

  it("refuses what it does not take, with the value that is wrong", () => {
    for (const args of [["--at", "yesterday"], ["--target", "../x"], ["--force"], ["main"]])
      expect(() => parseRequest(args)).toThrow(expect.objectContaining({ code: "RECOVERY_OPTION_INVALID" }));
  });
});
