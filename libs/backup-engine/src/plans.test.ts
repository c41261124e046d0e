import { describe, expect, it } from "vitest";
import { classify } from "./classify.ts";
import { subtractMonths } from "./months.ts";
import { everythingReadSince, planReading, type ReadablePart } from "./plan-reading.ts";
import { newestPoint, pointAt } from "./point-at.ts";
import { planUnlock } from "./restic/locks.ts";
import { withStallLimit } from "./stall.ts";
import { parseTarget } from "./target.ts";

const DAY_MS = 86_400_000;

describe("planReading", () => {
  it("reads every part within thirty days, whatever grows meanwhile, and not much more than its portion a day", () => {
    const parts: ReadablePart[] = Array.from({ length: 100 }, (_, n) => ({
      name: `${n}`,
      bytes: 25,
      readAt: undefined,
    }));
    const born = new Map(parts.map(({ name }) => [name, 0]));
    for (let day = 1; day <= 120; day++) {
      const now = new Date(day * DAY_MS);
      parts.push({ name: `new ${day}`, bytes: 5, readAt: undefined });
      born.set(`new ${day}`, day);
      const due = planReading(parts, now);
      for (const part of due) part.readAt = now;
      for (const { name, readAt } of parts) {
        const since = readAt ? readAt.getTime() / DAY_MS : (born.get(name) ?? 0);
        expect(day - since).toBeLessThanOrEqual(30);
      }
      expect(due.length).toBeLessThan(40);
    }
    expect(everythingReadSince(parts)).toBeInstanceOf(Date);
  });

  it("claims nothing of what was never read", () => {
    expect(everythingReadSince([])).toBeUndefined();
    expect(everythingReadSince([{ name: "a", bytes: 1, readAt: undefined }])).toBeUndefined();
  });
});

describe("planUnlock", () => {
  it("takes locks of this host alone for those of dead runs", () => {
    const since = new Date(0);
    const [ours, other] = [{ host: "a", since }, { host: "b", since }]; // oxfmt-ignore
    expect(planUnlock([ours, other], "a")).toEqual({ ours: [ours], others: [other] });
  });
});

describe("subtractMonths", () => {
  it.each([
    ["2026-05-31T00:30:00Z", 3, "2026-02-28T00:30:00Z"],
    ["2026-01-15T00:30:00Z", 2, "2025-11-15T00:30:00Z"],
  ])("%s less %i months is %s", (date, months, expected) => {
    expect(subtractMonths(new Date(date), months)).toEqual(new Date(expected));
  });
});

describe("pointAt", () => {
  it("is the last one that is not later", () => {
    const points = [1, 3, 5].map((n) => ({ id: `${n}`, at: new Date(n), kind: "snapshot" as const }));
    expect(pointAt(points, new Date(4))?.id).toBe("3");
    expect(pointAt(points, new Date(0))).toBeUndefined();
  });
});

describe("newestPoint", () => {
  const points = [1, 3, 365].map((day) => ({
    id: `${day}`,
    at: new Date(day * DAY_MS),
    kind: "snapshot" as const,
  }));

  it("is not one of a clock that was ahead, as long as there are others", () => {
    expect(newestPoint(points, new Date(3 * DAY_MS))?.id).toBe("3");
    expect(newestPoint(points, new Date(2.5 * DAY_MS))?.id).toBe("3");
    expect(newestPoint(points, new Date(366 * DAY_MS))?.id).toBe("365");
  });

  it("is the last under a clock that is behind all of them", () => {
    expect(newestPoint(points, new Date(-DAY_MS))?.id).toBe("365");
    expect(newestPoint([], new Date(0))).toBeUndefined();
  });
});

describe("classify", () => {
  it.each([
    ["ssh: Host key for server 'h' does not match: got 'x', expected 'y'", "BACKUP_HOST_KEY_CHANGED"],
    ["ssh connection to u@h:22 failed: EOF when reading a line", "BACKUP_HOST_KEY_UNKNOWN"],
    ["u@h: Permission denied (publickey,password).", "BACKUP_LOGIN_REFUSED"],
    ["[Errno 28] No space left on device", "BACKUP_TARGET_FULL"],
    ["ssh: connect to host h port 22: Connection refused", "BACKUP_TARGET_UNREACHABLE"],
    ["[Errno 30] Read-only file system: '/x'", "BACKUP_TARGET_READ_ONLY"],
    ['Traceback:\n  File "/x.py", line 507, in connect\n    raise timeout\nKeyError: 2', undefined],
    ["something else", undefined],
  ])("%s is %s", (text, code) => {
    expect(classify(text)).toBe(code);
  });
});

describe("withStallLimit", () => {
  it("ends work that gives no sign of life, and leaves work alone that does", async () => {
    const hang = withStallLimit({ target: "sftp://h/x", stallMs: 30 }, ({ signal }) => aborted(signal));
    await expect(hang).rejects.toMatchObject({ code: "BACKUP_STALLED" });
    const busy = withStallLimit({ target: "sftp://h/x", stallMs: 200 }, async ({ alive }) => {
      for (let n = 0; n < 10; n++) await new Promise((resolve) => setTimeout(resolve, 40)).then(alive);
      return "done";
    });
    expect(await busy).toBe("done");
  });

  const aborted = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended"))));
});

describe("parseTarget", () => {
  it("takes user and password out of what is shown", () => {
    expect(parseTarget({ url: "sftp://me:p%40ss@[::1]:2222//abs/path" })).toEqual({
      scheme: "sftp",
      user: "me",
      password: "p@ss",
      host: "[::1]",
      port: 2222,
      path: "//abs/path",
      label: "sftp://[::1]//abs/path",
    });
    expect(parseTarget({ url: "rest:https://me:secret@h:8000/x" })).toMatchObject({
      user: "me",
      password: "secret",
      path: "https://h:8000/x",
      label: "rest:https://h:8000/x",
    });
  });

  it.each([
    "no url",
    "sftp://h/a'b",
    "sftp://-oProxyCommand=id/x",
    "sftp://h/%0aput",
    "ftp://u%27!id@h/",
    "sftp://h/%zz",
    "s3:a b",
  ])("refuses %s", (url) => {
    expect(() => parseTarget({ url })).toThrow(expect.objectContaining({ code: "BACKUP_TARGET_INVALID" }));
  });
});
