import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deriveKeys, readManifest, readReport, writeManifest } from "@appliance/backup-content";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DUMPS, VAULT } from "../contents.ts";
import { startEngines, stopEngines } from "../recovery/testing/engine-container.ts";
import { backUp, save, TABLES } from "../recovery/testing/make-backup.ts";
import { sliceOf, startTestHost, type Setting, type TestHost } from "../recovery/testing/test-host.ts";
import type { BackupAgentSlice } from "../slice.ts";
import {
  addLargeDocuments,
  copyDamaged,
  createProving,
  createVault,
  leftovers,
  mountSmall,
} from "./testing/drill-host.ts";

const VECTORS = join(import.meta.dirname, "../../../../libs/backup-engine/vectors/legacy-backup");
const OLD_KEY = readFileSync(join(VECTORS, "backup-key.asc"), "utf8");
const SECRET = "the restic password";

// Root alone can start the scratch server of the tests and mount a small disk.
describe.runIf(process.getuid?.() === 0)("a drill", { timeout: 240_000 }, () => {
  let host: TestHost;
  let vault: ReturnType<typeof createVault>;
  let data: string;
  let main: Setting;
  const url = (store: string) => `file://${host.folder}/${store}`;
  const copyOfData = () => {
    const copy = mkdtempSync(join(host.folder, "data-"));
    execFileSync("cp", ["--archive", `${data}/.`, copy]);
    return copy;
  };

  beforeAll(async () => {
    host = await startTestHost();
    await host.server.query("postgres", "CREATE DATABASE source TEMPLATE template0 LOCALE 'C.UTF-8'");
    await host.server.query("source", ...TABLES);
    vault = createVault(host.folder);
    data = host.prepareData();
    mkdirSync(join(data, VAULT, "0101"));
    for (let n = 0; n < 3; n++) vault.store(join(data, VAULT, "0101", `doc${n}.gpg`), `document ${n}`);
    writeFileSync(join(data, "ecs-ca/ca.key.pem"), "the authority");
    main = host.setting(data, sliceOf({ main: url("store") }, { vaultKeys: vault.keys }));
    await backUp(host, main, "main");
  }, 600_000);
  afterAll(async () => {
    vault.close();
    await host.stop();
  });

  it("proves a real backup, holds its target for the restore alone, and leaves a sealed report and nothing else", async () => {
    const proving = createProving(main);
    const [target] = await proving.targets.chosen("main");
    let free: Promise<string> | undefined;
    const { targets } = await proving.drill("main", (sentence) => {
      if (sentence === "Proving what main gave back")
        free = proving.targets.use(target!, async () => "free", AbortSignal.timeout(2000));
    });
    expect(await free).toBe("free");
    expect(targets).toEqual([
      expect.objectContaining({
        target: "main",
        outcome: "proven",
        failure: null,
        report: expect.any(String) as string,
      }),
    ]);
    const [{ report: name, seconds, of }] = targets as [(typeof targets)[0]];
    const path = join(proving.reportsDir, name!);
    expect(await readReport(path, deriveKeys(SECRET))).toMatchObject({
      proven: true,
      comparedWith: "manifest",
      of,
      extent: { files: "whole", sums: "whole", documents: "whole" },
      documents: { opened: 3, failed: 0 },
      database: { tables: 2, rows: 5000 },
    });
    expect(seconds).toBeGreaterThan(0);
    expect(await proving.states.read("main")).toMatchObject({
      drill: { failure: null, report: name },
      proven: { of, whole: true, seconds },
    });
    expect(leftovers(proving.volatileDir)).toEqual([]);
    writeFileSync(path, readFileSync(path, "utf8").replace('"opened": 3', '"opened": 4'));
    await expect(readReport(path, deriveKeys(SECRET))).rejects.toMatchObject({ code: "MANIFEST_SEAL_WRONG" });
  });

  it("finds a flipped byte, a table that is missing, and that there is nothing, each whatever the others are", async () => {
    const dataDir = copyOfData();
    const dumps = join(dataDir, DUMPS);
    const manifest = await readManifest(dumps, deriveKeys(SECRET));
    const tables = [...manifest.database.tables, { schema: "public", name: "gone", rows: 1 }];
    cpSync(join(dumps, "backup-files.gz"), join(dumps, "backup-files.gz.new"));
    await writeManifest(dumps, { ...manifest, database: { ...manifest.database, tables } }, deriveKeys(SECRET));
    copyDamaged(join(host.folder, "store"), join(host.folder, "flipped"));
    mkdirSync(join(host.folder, "empty"));
    const slice = sliceOf({ flipped: url("flipped"), empty: url("empty"), rows: url("rows") });
    await save(host.setting(dataDir, slice), "rows");

    const proving = createProving(host.setting(dataDir, slice));
    const { targets } = await proving.drill(null);
    const found = targets.map(({ target, outcome, failure, report }) => [
      target,
      outcome,
      failure?.code,
      report !== null,
    ]);
    expect(found).toEqual([
      ["flipped", "failed", "BACKUP_VOLUME_CORRUPT", false],
      ["empty", "failed", "BACKUP_NOT_FOUND", false],
      ["rows", "failed", "PROOF_ROWS_DIFFER", true],
    ]);
    expect(targets[2]?.failure?.message).toContain("public.gone has no rows instead of 1");
    expect((await proving.states.read("rows")).proven).toBe(null);
    expect((await proving.states.read("flipped")).drill?.failure?.code).toBe("BACKUP_VOLUME_CORRUPT");

    const verified = await proving.verify(null, true);
    expect(verified.targets.map(({ target, outcome, failure }) => [target, outcome, failure?.code])).toEqual([
      ["flipped", "failed", "BACKUP_VOLUME_CORRUPT"],
      ["empty", "failed", "BACKUP_NOT_FOUND"],
      ["rows", "whole", undefined],
    ]);
    expect((await proving.states.read("rows")).verified).toMatchObject({
      failure: null,
      everythingReadSince: expect.any(String) as string,
    });
  });

  it("fails with another password, and with an env.yml that did not seal the manifest", async () => {
    const stranger = (more: object) => createProving({ ...main, slice: { ...main.slice, ...more } }).drill("main");
    const codes = [await stranger({ resticPassword: "another" }), await stranger({ sealSecrets: ["another"] })];
    expect(codes.map(({ targets: [outcome] }) => outcome?.failure?.code)).toEqual([
      "BACKUP_KEY_WRONG",
      "MANIFEST_SEAL_WRONG",
    ]);
  });

  it("proves what an env.yml sealed that had one secret less", async () => {
    const slice: BackupAgentSlice = { ...main.slice, sealSecrets: ["a secret of later", ...main.slice.sealSecrets] };
    const { targets } = await createProving({ ...main, slice }).drill("main");
    expect(targets).toMatchObject([{ outcome: "proven", failure: null }]);
  });

  it("restores a sample where space is short and says so, and refuses where not even the database has room", async () => {
    const dataDir = copyOfData();
    addLargeDocuments(dataDir, 6, 10 * 1024 * 1024);
    const small = mountSmall(join(host.folder, "small"), 320);
    const engines = startEngines(host.folder); // only a new container sees the new mount
    const setting = { ...host.setting(dataDir, sliceOf({ large: url("large") })), engines };
    try {
      await backUp(host, setting, "large");
      const proving = createProving(setting, join(host.folder, "small"));
      const { targets } = await proving.drill("large");
      expect(targets).toEqual([expect.objectContaining({ outcome: "sample", failure: null })]);
      const report = await readReport(join(proving.reportsDir, targets[0]!.report!), deriveKeys(SECRET));
      expect(report).toMatchObject({ proven: true, extent: { files: "sample", sums: "sample", documents: "none" } });
      expect(report.database.rows).toBe(5000);
      expect(report.files.found).toBeLessThan(report.files.indexed);
      expect(report.files.bytes).toBeGreaterThan(20 * 1024 * 1024);
      expect((await proving.states.read("large")).proven).toMatchObject({ whole: false });

      execFileSync("fallocate", ["--length", "100M", join(host.folder, "small/other")]);
      const [refused] = (await proving.drill("large")).targets;
      expect(refused).toMatchObject({ outcome: "failed", failure: { code: "DRILL_SPACE_SHORT" } });
      expect(refused?.failure?.message).toMatch(/has 2\d\d MB free, and the drill needs 2\d\d MB/);
    } finally {
      stopEngines(engines);
      small.unmount();
    }
  });

  it("killed in the middle, leaves what the next one clears", async () => {
    const program = join(import.meta.dirname, "testing/drill-once.ts");
    const order = JSON.stringify({ setting: main, killAt: "Proving what main gave back" });
    const { signal } = spawnSync(process.execPath, [program, order], { stdio: "inherit", timeout: 60_000 });
    const proving = createProving(main);
    expect(signal).toBe("SIGKILL");
    expect(existsSync(join(proving.volatileDir, "drill/main/data", DUMPS))).toBe(true);
    expect((await proving.drill("main")).targets[0]?.outcome).toBe("proven");
    expect(leftovers(proving.volatileDir)).toEqual([]);
    expect(readdirSync(join(host.folder, "scratch", ".proof")).filter((name) => name !== "proof.lock")).toEqual([]);
  });

  it("proves a chain of duplicity, and one of an older system as far as that goes, and says how far", async () => {
    cpSync(join(VECTORS, "target"), join(host.folder, "old"), { recursive: true });
    const given = sliceOf({ old: url("old"), own: url("own") }, { encryptKey: OLD_KEY, sealSecrets: [OLD_KEY] });
    const slice = { ...given, targets: given.targets.map((target) => ({ ...target, engine: "duplicity" as const })) };
    const setting = host.setting(copyOfData(), slice);
    await backUp(host, setting, "own");
    const proving = createProving(setting);
    const { targets } = await proving.drill(null);
    expect(targets.map(({ outcome, failure }) => ({ outcome, failure }))).toEqual([
      { outcome: "proven", failure: null },
      { outcome: "proven", failure: null },
    ]);
    const reports = targets.map(({ report }) => readReport(join(proving.reportsDir, report!), deriveKeys(OLD_KEY)));
    expect(await Promise.all(reports)).toMatchObject([
      { comparedWith: "none", extent: { sums: "none", documents: "none" }, database: { tables: 1, rows: 150 } },
      { comparedWith: "manifest", extent: { sums: "whole" }, database: { rows: 5000 } },
    ]);

    // What this host saved has a manifest: without one it is none of its backups.
    const lastSuccess = {
      startedAt: "2026-11-22T17:26:21Z",
      seconds: 1,
      outcome: "saved" as const,
      failure: null,
      point: null,
      source: { files: 0, bytes: 0 },
      stored: { files: 0, bytes: 0 },
    };
    await proving.states.update("old", { lastSuccess });
    expect((await proving.drill("old")).targets[0]).toMatchObject({
      outcome: "failed",
      failure: { code: "BACKUP_PATH_NOT_FOUND" },
    });
  });
});
