import { describe, expect, it } from "vitest";
import { isInterrupted, OperatorError, redact, suggest, toFailure } from "./index.ts";

describe("toFailure", () => {
  it("shows an expected error as it is", () => {
    const error = new OperatorError("DISK_FULL", "/data has 0 bytes free", { remedy: "Free space on /data." });
    expect(toFailure(error)).toEqual({
      code: "DISK_FULL",
      message: "/data has 0 bytes free",
      remedy: "Free space on /data.",
    });
  });

  it("shows nothing of an unexpected error", () => {
    expect(JSON.stringify(toFailure(new Error("password=hunter22")))).not.toContain("hunter22");
  });
});

describe("isInterrupted", () => {
  it("tells the end of a process from the end of its time", () => {
    expect(isInterrupted(new AbortController().signal)).toBe(false);
    expect(isInterrupted(AbortSignal.abort("the agent is stopping"))).toBe(true);
    expect(isInterrupted(AbortSignal.abort(new OperatorError("JOB_TIME_LIMIT", "x", { remedy: "y" })))).toBe(false);
  });
});

describe("redact", () => {
  it("masks every line of a multi-line secret, the longest first", () => {
    const text = "gpg: bad line 'abcdefgh' after 'abcdefghijkl'";
    expect(redact(text, ["abcdefghijkl\nabcdefgh\n"])).toBe("gpg: bad line '[redacted]' after '[redacted]'");
  });

  it("leaves short words alone", () => {
    expect(redact("turned on", ["on"])).toBe("turned on");
  });
});

describe("suggest", () => {
  it.each([
    ["fpt", ["ftp", "sftp", "file"], "ftp"],
    ["pacakges", ["packages", "files"], "packages"],
    ["Domain", ["domain"], "domain"],
    ["whatever", ["domain", "files"], undefined],
  ])("%s among %s is %s", (word, candidates, expected) => {
    expect(suggest(word, candidates)).toBe(expected);
  });
});
