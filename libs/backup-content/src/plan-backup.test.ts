import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { planBackup, type Counted, type SafetyPolicy } from "./plan-backup.ts";

const policy: SafetyPolicy = { vault: "ecs-storage-vault" };

function counted({ files = 100, bytes = 1e6, rows = 1000, tables = 1 } = {}): Counted {
  return {
    database: {
      name: "ecs",
      server: "17.2",
      collate: "de_AT.UTF-8",
      ctype: "de_AT.UTF-8",
      bytes: 1e6,
      tables: Array.from({ length: tables }, (_, n) => ({ schema: "public", name: `t${n}`, rows })),
    },
    folders: [
      { path: "ecs-storage-vault", files, links: 0, bytes, summed: files },
      { path: "etc", files: 50, links: 0, bytes: 5000, summed: 50 },
    ],
  };
}

describe("planBackup", () => {
  it("backs up and lets old ones go when nothing is lost", () => {
    expect(planBackup(counted(), counted(), policy)).toEqual({ action: "backup", purge: true, alerts: [] });
    expect(planBackup(counted(), undefined, policy)).toEqual({ action: "backup", purge: true, alerts: [] });
  });

  it("takes an empty vault for no backup, and says how much it held", () => {
    const plan = planBackup(counted({ files: 0, bytes: 0 }), counted(), { ...policy, mayBeNew: true });
    expect(plan).toMatchObject({ action: "refuse", error: { code: "BACKUP_VAULT_EMPTY" } });
    expect(plan).toMatchObject({ error: { message: expect.stringContaining("100 files") as string } });
  });

  it("lets only an appliance that may be new, and never had a document, back up an empty vault", () => {
    const empty = counted({ files: 0, bytes: 0 });
    expect(planBackup(empty, undefined, policy)).toMatchObject({ action: "refuse" });
    expect(planBackup(empty, undefined, { ...policy, mayBeNew: true })).toMatchObject({
      action: "backup",
      purge: true,
    });
    expect(planBackup(empty, empty, { ...policy, mayBeNew: true })).toMatchObject({ action: "backup" });
  });

  it("takes a vault whose folder is missing for an empty one", () => {
    const gone = { ...counted(), folders: [] };
    expect(planBackup(gone, counted(), policy)).toMatchObject({
      action: "refuse",
      error: { code: "BACKUP_VAULT_EMPTY" },
    });
  });

  it("takes a database without tables for no database", () => {
    expect(planBackup(counted({ tables: 0 }), counted(), policy)).toMatchObject({
      action: "refuse",
      error: { code: "BACKUP_NO_DATABASE" },
    });
  });

  it.each([
    ["files", { files: 49 }],
    ["bytes", { bytes: 499_999 }],
    ["rows", { rows: 499 }],
  ])("backs up after a sudden loss of most %s, alerts, and lets nothing old go", (what, left) => {
    const plan = planBackup(counted(left), counted(), policy);
    expect(plan).toMatchObject({ action: "backup", purge: false, alerts: [{ code: "BACKUP_LOST_MUCH" }] });
    expect(plan).toMatchObject({ alerts: [{ message: expect.stringContaining(what) as string }] });
  });

  it("takes the loss of a half for nothing sudden", () => {
    expect(planBackup(counted({ files: 50, bytes: 500_000, rows: 500 }), counted(), policy)).toMatchObject({
      purge: true,
    });
  });

  it("never lets old ones go where the vault has less than the policy leaves", () => {
    const amount = integer({ min: 0, max: 1000 });
    assert(
      property(amount, amount, (before, now) => {
        const plan = planBackup(counted({ files: now }), counted({ files: before }), policy);
        const loses = now < before / 2;
        expect(loses && plan.action === "backup" && plan.purge).toBe(false);
      }),
    );
  });
});
