import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BackupStatus } from "../backup-shapes.ts";
import { summarize } from "../backup-trouble.ts";
import { agentThat, HEALTHY_STATUS, HEALTHY_TARGET } from "../testing/backup-agent.ts";
import { backupStatus } from "./backup-status.ts";

const NOW = new Date("2026-11-23T06:30:00Z");
beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const FAILURE = {
  code: "BACKUP_TARGET_FULL",
  message: "sftp://backup.example has no space left.",
  remedy: "Free space there.",
};
const status = async (answer: object, jobs: object[] = []) => {
  const { context, printed } = agentThat({ get: { "/backup/status": answer, "/jobs": jobs } });
  return { exitCode: await backupStatus({ json: false }, context), printed };
};
const failedRun = { ...HEALTHY_TARGET.lastRun, outcome: "failed", failure: FAILURE };
const withTarget = (change: object) => ({ ...HEALTHY_STATUS, targets: [{ ...HEALTHY_TARGET, ...change }] });

describe("appliance backup status", () => {
  it("says what is saved, how old it is, and what was proven", async () => {
    const progress = { sentence: "Reading main", done: { files: 0, bytes: 0 }, total: null, secondsLeft: null };
    const { exitCode, printed } = await status(HEALTHY_STATUS, [{ name: "backup.verify", state: "active", progress }]);
    expect(exitCode).toBe(0);
    expect(printed).toEqual([
      "main: sftp://backup.example//srv/ecs, restic",
      "  last backup  2026-11-23 00:30:00 UTC, 6 h 0 min ago: 97 GB in 296000 files, 1.2 GB new there, in 12 min",
      "  verified     2026-11-22 20:30:00 UTC, 10 h 0 min ago; everything read since 2026-11-01 20:30:00 UTC",
      "  proven       2026-11-22 10:30:00 UTC, 20 h 0 min ago: the backup of 2026-11-22 00:30:00 UTC; a recovery takes about 2 h 10 min",
      "  stored       110 GB in 34 backups",
      "  next backup  needs about 1.3 GB of 400 GB free, and about 12 min",
      "",
      "env.yml packaged 20 days ago",
      "next: backup 2026-11-24 00:30:00 UTC, verify 2026-11-23 20:30:00 UTC",
      "under way: backup.verify: Reading main",
      "",
      "Nothing needs a hand.",
    ]);
  });

  const changed = { since: "2026-11-10T00:00:00.000Z", provenAt: null, packagedAt: null };
  it.each<[string, object, string]>([
    ["a run that failed", withTarget({ lastRun: failedRun }), "  → Free space there."],
    [
      "a run that is not complete",
      withTarget({ lastRun: { ...failedRun, outcome: "incomplete", failure: null } }),
      "The last backup at main is not complete.",
    ],
    [
      "a backup that did not come",
      withTarget({ missedAt: "2026-11-22T00:30:00.000Z" }),
      "The backup of 2026-11-22 00:30:00 UTC at main did not come.",
    ],
    ["no backup at all", withTarget({ lastRun: null, lastSuccess: null }), "There is no backup at main yet."],
    [
      "damage that was found",
      withTarget({ verified: { ...HEALTHY_TARGET.verified, failure: FAILURE } }),
      "main: sftp://backup.example has no space left.",
    ],
    [
      "a drill that failed",
      withTarget({ drill: { at: "", failure: FAILURE } }),
      "main: sftp://backup.example has no space left.",
    ],
    [
      "a next backup that does not fit",
      withTarget({ forecast: { ...HEALTHY_TARGET.forecast, freeBytes: 2 ** 30 } }),
      "The next backup at main needs about 1.3 GB, and 1.0 GB is free there.",
    ],
    [
      "an env.yml of which nobody has a copy",
      { ...HEALTHY_STATUS, escrow: changed },
      "env.yml was neither proven nor packaged since its last change.",
    ],
  ])("ends with 1 and says what to do about %s", async (_what, answer, line) => {
    const { exitCode, printed } = await status(answer);
    expect(exitCode).toBe(1);
    expect(printed.slice(printed.indexOf("Needs a hand:"))).toContain(line);
  });

  it("says once what a person should look at, though everything was saved everywhere", async () => {
    const alert = { code: "BACKUP_LOST_MUCH", message: "Most of the data is gone.", remedy: "Find out." };
    const second = { ...HEALTHY_TARGET, name: "second" };
    const targets = [HEALTHY_TARGET, second].map((target) => ({ ...target, alerts: [alert] }));
    const { exitCode, printed } = await status({ ...HEALTHY_STATUS, targets });
    expect(exitCode).toBe(1);
    const help = ["Most of the data is gone.", "  → Find out.", "  (BACKUP_LOST_MUCH)"];
    expect(printed.slice(printed.indexOf("Needs a hand:") + 1)).toEqual(help);
  });

  it("wants no backup of a host in standby", async () => {
    const next = { backup: null, verify: null, drill: null };
    const standby = { ...withTarget({ lastRun: null, lastSuccess: null }), standby: true, next };
    expect((await status(standby)).exitCode).toBe(0);
  });
});

describe("the line of `appliance status`", () => {
  const line = (answer: object) => summarize(answer as BackupStatus, NOW);

  it("has the age of the oldest last success, the proof and the copy of env.yml", () => {
    const second = {
      ...HEALTHY_TARGET,
      lastSuccess: { ...HEALTHY_TARGET.lastRun, point: { id: "p0", at: "2026-11-22T00:30:00.000Z", kind: "snapshot" } },
    };
    expect(line({ ...HEALTHY_STATUS, targets: [HEALTHY_TARGET, second] })).toBe(
      "backup: 30 h 0 min ago; proven with that of 30 h 0 min ago; env.yml packaged 20 days ago",
    );
  });

  it("names each target at which the last backup failed", () => {
    const second = { ...HEALTHY_TARGET, name: "second", lastRun: failedRun };
    expect(line({ ...HEALTHY_STATUS, targets: [HEALTHY_TARGET, second] })).toBe(
      "backup: 6 h 0 min ago; the last one failed at second; proven with that of 30 h 0 min ago; env.yml packaged 20 days ago → appliance backup status",
    );
  });

  it("leads to what needs a hand", () => {
    expect(line(withTarget({ lastRun: null, lastSuccess: null, proven: null }))).toBe(
      "backup: not everywhere yet; never proven; env.yml packaged 20 days ago → appliance backup status",
    );
  });
});
