import { OperatorError } from "@appliance/errors";
import { describe, expect, it } from "vitest";
import { agentThat } from "../testing/backup-agent.ts";
import { listBackups, showBackup } from "./backup-list.ts";
import { drillBackup, verifyBackup } from "./backup-proof.ts";
import { runBackup } from "./backup-run.ts";
import { unlockBackup } from "./backup-unlock.ts";

const TEXT = { json: false };
const POINT = { id: "p1", at: "2026-11-20T00:30:00.000Z", kind: "snapshot" };
const FAILURE = {
  code: "BACKUP_TARGET_FULL",
  message: "sftp://copy.example has no space left.",
  remedy: "Free space there.",
};
const AWAY = new OperatorError("BACKUP_TARGET_UNREACHABLE", "second cannot be reached.", { remedy: "Check it." });
const NONE = { files: 0, bytes: 0 };

describe("appliance backup run", () => {
  const saved = {
    target: "main",
    outcome: "saved",
    point: POINT,
    source: { files: 1508, bytes: 551 * 1024 ** 2 },
    stored: { files: 0, bytes: 5 * 1024 ** 2 },
    skipped: [],
    pruningPostponed: null,
    failure: null,
    seconds: 12.4,
  };
  const failed = {
    ...saved,
    target: "second",
    outcome: "failed",
    point: null,
    stored: NONE,
    failure: FAILURE,
    seconds: 1,
  };
  const run = (targets: object[], alerts: object[] = []) => agentThat({ result: { targets, alerts, seconds: 20 } });
  const options = { full: false, acceptLoss: false, json: false };

  it("says what each target got, and asks for what was wished", async () => {
    const { context, asked, printed } = run([saved]);
    expect(await runBackup({ ...options, full: true, target: "main" }, context)).toBe(0);
    expect(printed).toEqual([
      "target  outcome                         saved               new there  took",
      "main    saved, 2026-11-20 00:30:00 UTC  551 MB, 1508 files  5.0 MB     12 s",
      "All together 20 s.",
    ]);
    const data = { requestedBy: "cli", full: true, acceptLoss: false, target: "main" };
    expect(asked).toEqual([{ name: "backup.run", data }]);
  });

  it.each<[string, object, string]>([
    ["a target that failed", failed, "second: sftp://copy.example has no space left."],
    [
      "files that could not be read",
      { ...saved, outcome: "incomplete", skipped: ["/data/x: I/O error"] },
      "main: not saved: /data/x: I/O error",
    ],
  ])("ends with 1 for %s, and shows it", async (_what, target, line) => {
    const { context, printed } = run([saved, target]);
    expect(await runBackup(options, context)).toBe(1);
    expect(printed).toContain(line);
  });

  it("shows what a person should look at, though everything was saved", async () => {
    const alert = { code: "BACKUP_LOST_MUCH", message: "Most of the data is gone.", remedy: "Find out." };
    const { context, printed } = run([{ ...saved, pruningPostponed: "much is gone" }], [alert]);
    expect(await runBackup(options, context)).toBe(0);
    expect(printed).toContain("main: old backups stay for now: much is gone");
    expect(printed).toContain("  (BACKUP_LOST_MUCH)");
  });
});

describe("appliance backup verify and drill", () => {
  const read = { files: 12, bytes: 300 * 1024 ** 2 };
  const whole = { target: "main", outcome: "whole", read, everythingReadSince: null, failure: null, seconds: 9 };
  const proven = {
    target: "main",
    outcome: "proven",
    of: POINT.at,
    report: "proof-1.json",
    seconds: 7800,
    failure: null,
  };

  it("ends with 1 when stored data is damaged", async () => {
    const { context, asked, printed } = agentThat({
      result: { targets: [whole, { ...whole, outcome: "failed", failure: FAILURE }] },
    });
    expect(await verifyBackup({ everything: true, ...TEXT }, context)).toBe(1);
    expect(printed).toContain("main    whole    300 MB, 12 files  not yet                9.0 s");
    expect(printed).toContain("  → Free space there.");
    expect(asked).toEqual([{ name: "backup.verify", data: { requestedBy: "cli", everything: true, target: null } }]);
  });

  it.each([
    ["proven", 0, "proven"],
    ["sample", 0, "proven, a sample for want of space"],
    ["failed", 1, "failed"],
  ])("a drill that is %s ends with %i", async (outcome, exitCode, words) => {
    const { context, printed } = agentThat({ result: { targets: [{ ...proven, outcome }] } });
    expect(await drillBackup(TEXT, context)).toBe(exitCode);
    expect(printed[1]).toMatch(new RegExp(`^main +${words} +2026-11-20 00:30:00 UTC +2 h 10 min +proof-1.json$`));
  });
});

describe("appliance backup unlock", () => {
  const unlocked = { target: "main", broken: 0, left: [], failure: null };
  const foreign = { ...unlocked, left: [{ host: "other", since: POINT.at }] };

  it.each<[object, number, string]>([
    [unlocked, 0, "main: nothing was locked"],
    [{ ...unlocked, broken: 1 }, 0, "main: 1 lock of dead runs broken"],
    [
      foreign,
      1,
      "main: other holds a lock since 2026-11-20 00:30:00 UTC, which stays: only there can be seen whether it is at work",
    ],
    [{ ...unlocked, failure: FAILURE }, 1, "main: not unlocked"],
  ])("%j ends with %i", async (target, exitCode, line) => {
    const { context, printed } = agentThat({ result: { targets: [target] } });
    expect(await unlockBackup(TEXT, context)).toBe(exitCode);
    expect(printed).toContain(line);
  });
});

describe("appliance backup list", () => {
  const status = { targets: [{ name: "main" }, { name: "second" }] };

  it("lists each target, though one does not answer, and ends with 1 then", async () => {
    const get = {
      "/backup/status": status,
      "/backup/points?target=main": { target: "main", points: [POINT] },
      "/backup/points?target=second": AWAY,
    };
    const { context, printed } = agentThat({ get });
    expect(await listBackups(TEXT, context)).toBe(1);
    expect(printed).toEqual([
      "main:",
      "  2026-11-20 00:30:00 UTC  snapshot  p1",
      "second:",
      "second cannot be reached.",
      "  → Check it.",
      "  (BACKUP_TARGET_UNREACHABLE)",
    ]);
  });

  it("asks the one that was named alone", async () => {
    const { context, printed } = agentThat({ get: { "/backup/points?target=main": { target: "main", points: [] } } });
    expect(await listBackups({ target: "main", ...TEXT }, context)).toBe(0);
    expect(printed).toEqual(["main: no backup"]);
  });
});

describe("appliance backup show", () => {
  const modifiedAt = "2026-11-19T10:00:00.000Z";
  const head = { target: "main", point: POINT };

  it("lists files with names that do nothing to the terminal", async () => {
    const file = { path: "etc/a\u001b[2J\nb", type: "file", size: 2048, modifiedAt };
    const { context, asked, printed } = agentThat({
      lines: [head, file, { path: "etc/x", type: "folder", modifiedAt }],
    });
    await showBackup("/data/etc/", { at: "2026-11-20T12:00:00Z", ...TEXT }, context);
    expect(printed).toEqual([
      "2026-11-19 10:00:00 UTC     2.0 KB  etc/a\\x1b[2J\\x0ab",
      "2026-11-19 10:00:00 UTC             etc/x/",
    ]);
    expect(asked).toEqual([{ path: "/backup/files?at=2026-11-20T12%3A00%3A00.999Z&below=etc" }]);
  });

  it("fails where the backup holds nothing of what was asked for", async () => {
    const { context } = agentThat({ lines: [head] });
    await expect(showBackup("etc/absent", TEXT, context)).rejects.toMatchObject({ code: "BACKUP_PATH_NOT_FOUND" });
  });
});
