import { describe, expect, it } from "vitest";
import { planSafety, type SafetyFacts } from "./plan-safety.ts";

const folder = (path: string, files: number) => ({ path, files, links: 0, bytes: files * 1000, summed: files });
const counted = (documents: number, rows = 100) => ({
  database: {
    name: "ecs",
    server: "17.6",
    collate: "C.UTF-8",
    ctype: "C.UTF-8",
    bytes: 1,
    tables: [{ schema: "public", name: "submission", rows }],
  },
  folders: [folder("ecs-storage-vault", documents), folder("etc", 10)],
});
const at = "2026-11-22T00:30:00.000Z";
const facts = (given: Partial<SafetyFacts>): SafetyFacts => ({
  last: { ...counted(1000), at },
  loss: undefined,
  lossAccepted: false,
  neverSaved: false,
  ...given,
});

describe("a sudden loss", () => {
  const loss = { since: at, before: counted(1000) };

  it("is saved and said, keeps every old backup, and is remembered with what was there before", () => {
    const plan = planSafety(counted(10), facts({}));
    expect(plan).toMatchObject({ action: "backup", purge: false, loss });
    expect(plan).toMatchObject({
      alerts: expect.arrayContaining([expect.objectContaining({ code: "BACKUP_LOST_MUCH" })]),
    });
  });

  it("is still one on the next night, though nothing is missing against the night before", () => {
    const nextNight = planSafety(
      counted(12),
      facts({ last: { ...counted(10), at: "2026-11-23T00:30:00.000Z" }, loss }),
    );
    expect(nextNight).toMatchObject({ purge: false, loss });
  });

  it("is over once the data is back, or an operator says that it was meant", () => {
    const over = { action: "backup", purge: true, alerts: [], loss: undefined };
    expect(planSafety(counted(990), facts({ last: { ...counted(10), at }, loss }))).toEqual(over);
    expect(planSafety(counted(10), facts({ loss: undefined, lossAccepted: true }))).toEqual(over);
  });
});

describe("no backup", () => {
  it("is an empty vault, also after a loss that is not cleared up, and whoever accepts it", () => {
    const refused = { action: "refuse", error: { code: "BACKUP_VAULT_EMPTY" } };
    const loss = { since: at, before: counted(1000) };
    expect(planSafety(counted(0), facts({}))).toMatchObject(refused);
    expect(planSafety(counted(0), facts({ last: { ...counted(1), at }, loss }))).toMatchObject(refused);
    expect(planSafety(counted(0), facts({ lossAccepted: true }))).toMatchObject(refused);
    expect(planSafety(counted(0), facts({ last: undefined }))).toMatchObject(refused);
  });

  it("is a database without tables", () => {
    const now = { ...counted(1000), database: { ...counted(0).database, tables: [] } };
    expect(planSafety(now, facts({}))).toMatchObject({ action: "refuse", error: { code: "BACKUP_NO_DATABASE" } });
  });
});

it("saves the empty vault of an appliance that never had a document, night after night", () => {
  expect(planSafety(counted(0), facts({ last: undefined, neverSaved: true }))).toMatchObject({ action: "backup" });
  expect(planSafety(counted(0), facts({ last: { ...counted(0), at } }))).toMatchObject({ action: "backup" });
});

it("removes nothing on a night on which it can compare with nothing, though backups exist", () => {
  expect(planSafety(counted(10), facts({ last: undefined }))).toMatchObject({ action: "backup", purge: false });
});
