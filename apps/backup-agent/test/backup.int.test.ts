import { join } from "node:path";
import { BackupDrill } from "@appliance/jobs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BackupStatus } from "../src/reading/status.ts";
import {
  BACKUP_KEY,
  RESTIC_PASSWORD,
  SEAL_SECRET,
  startSurroundings,
  type Surroundings,
} from "./support/running-agent.ts";
import { addDocuments, contentOf, removeDocuments } from "./support/source.ts";

const MAIN = {
  name: "main",
  engine: "duplicity",
  url: "file:///volatile/ecs-backup-test/",
  options: "--volsize 5",
} as const;
const COPY = { name: "copy", engine: "restic", url: "file:///mnt/disk/" } as const;
const ABSENT = { name: "absent", engine: "restic", url: "file:///mnt/not-mounted/" } as const;
const SMALL = { name: "small", engine: "duplicity", url: "file:///mnt/small/" } as const;

let around: Surroundings;
beforeAll(async () => {
  around = await startSurroundings([MAIN, COPY, ABSENT, SMALL]);
}, 900_000);
afterAll(() => around.remove());

const inData = (path: string) => join(around.folder, "data", path);
const stored = () =>
  ["volatile/ecs-backup-test", "mnt/disk"].map((path) => [...contentOf(join(around.folder, path)).keys()]);

/** What a target gives back is what is here. */
async function expectRestoredEqual(target: string): Promise<void> {
  const folder = await around.restore(target, ["ecs-storage-vault", "ecs-pgdump"]);
  expect(contentOf(join(folder, "ecs-storage-vault"))).toEqual(contentOf(inData("ecs-storage-vault")));
  expect(contentOf(join(folder, "ecs-pgdump"))).toEqual(contentOf(inData("ecs-pgdump")));
}

describe("a backup", { timeout: 300_000 }, () => {
  it("goes to every target that can take it, whatever becomes of the others", async () => {
    const { targets, alerts } = await around.backUp();
    const outcomes = targets.map(({ target, outcome, failure }) => [target, outcome, failure?.code]);
    expect(outcomes).toEqual([
      ["main", "saved", undefined],
      ["copy", "saved", undefined],
      ["absent", "failed", "BACKUP_TARGET_UNREACHABLE"],
      ["small", "failed", "BACKUP_TARGET_FULL"],
    ]);
    expect(targets[3]?.failure?.message).toMatch(/has 4 MB free, and this backup needs about 2\d MB/);
    expect(alerts).toEqual([]);
    for (const target of ["main", "copy"]) await expectRestoredEqual(target);
  });

  it("is the work of a user of its own, who may read documents of others and no more, and keeps little memory", () => {
    const status = around.processStatus();
    expect(status).toMatch(/^Uid:\t5002\t5002\t5002\t5002$/m);
    for (const set of ["CapEff", "CapPrm", "CapAmb", "CapBnd"])
      expect(status).toMatch(new RegExp(`^${set}:\t0{15}b$`, "m"));
    // What it needed for the content of a backup was that of another process.
    expect(Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1])).toBeLessThan(60 * 1024);
  });

  it("is proven by a drill of that user, in a process of its own", async () => {
    const { targets } = await around.producer.request(BackupDrill, { requestedBy: "test", target: "copy" });
    expect(targets).toMatchObject([{ target: "copy", outcome: "proven", failure: null }]);
    expect(around.arguments()).toContain("agent.mjs prove-restored");
    const answer = await around.http(`/backup/reports/${targets[0]?.report}`);
    expect(await answer.json()).toMatchObject({ proven: true, database: { tables: 1, rows: 100_000 } });
  });

  it.each([
    ["Dumping the database", "copy"],
    ["Saving to main", "main"],
    ["Saving to copy", "copy"],
  ])("is done again and right after all of it was killed at %j", async (sentence, target) => {
    addDocuments(inData(""), 40);
    let killed = false;
    const { targets } = await around.backUp({ target }, (progress) => {
      if (killed || progress.sentence !== sentence) return;
      killed = true;
      around.kill();
      around.start();
    });
    expect(killed).toBe(true);
    expect(targets).toMatchObject([{ outcome: "saved" }]);
    await expectRestoredEqual(target);
  });

  it("shows no secret in an argument, in the log or in a job", async () => {
    const jobs = JSON.stringify(await around.producer.recent("backup", 100));
    expect(jobs).toContain("backup.run");
    expect(around.arguments()).toMatch(/duplicity .*restic /s);
    const lines = BACKUP_KEY.split("\n").filter((line) => line.length > 30 && !line.startsWith("-----"));
    for (const text of [jobs, around.logs(), around.arguments()])
      for (const secret of [RESTIC_PASSWORD, SEAL_SECRET, ...lines]) expect(text).not.toContain(secret);
  });
});

describe("what is no backup", { timeout: 300_000 }, () => {
  it("is saved nowhere: a database that is away, or without a table, and a vault without a document", async () => {
    const before = stored();
    around.database.stop();
    await expect(around.backUp()).rejects.toMatchObject({ code: "DATABASE_UNREACHABLE" });
    around.database.start();
    around.database.sql("ALTER TABLE submission SET SCHEMA information_schema");
    await expect(around.backUp()).rejects.toMatchObject({ code: "BACKUP_NO_DATABASE" });
    const { targets } = (await (await around.http("/backup/status")).json()) as BackupStatus;
    expect(targets.map(({ lastRun }) => lastRun?.failure?.code)).toEqual(targets.map(() => "BACKUP_NO_DATABASE"));
    around.database.sql("ALTER TABLE information_schema.submission SET SCHEMA public");
    removeDocuments(inData(""), 1000);
    await expect(around.backUp({ acceptLoss: true })).rejects.toMatchObject({ code: "BACKUP_VAULT_EMPTY" });
    expect(stored()).toEqual(before);
  });

  it("is not what a sudden loss leaves, so nothing older goes until an operator accepts it", async () => {
    addDocuments(inData(""), 10);
    const loss = expect.objectContaining({ code: "BACKUP_LOST_MUCH" });
    const night = (acceptLoss = false) => around.backUp({ target: "copy", acceptLoss });
    const first = await night();
    expect(first.alerts).toContainEqual(loss);
    expect(first.targets).toMatchObject([{ outcome: "saved", pruningPostponed: expect.any(String) }]);
    expect((await night()).alerts).toContainEqual(loss);
    expect(await night(true)).toMatchObject({ alerts: [], targets: [{ pruningPostponed: null }] });
    expect(await night()).toMatchObject({ alerts: [], targets: [{ pruningPostponed: null }] });
  });
});
