import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import { runCommand } from "@appliance/command";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  checkRestored,
  deriveKeys,
  dumpDatabase,
  readManifest,
  readReport,
  writeManifest,
  writeReport,
  type ProofOptions,
} from "../src/index.ts";
import { backUp, VAULT } from "./back-up.ts";
import { APPLICATION, newTestFolder, queryOf, startSource, type SourceDatabase, type TestFolder } from "./source.ts";
import { createVaultKeys, type TestVaultKeys } from "./vault-keys.ts";

const keys = deriveKeys("a secret of env.yml");

describe("checkRestored", { timeout: 120_000 }, () => {
  let folder: TestFolder;
  let source: SourceDatabase;
  let vaultKeys: TestVaultKeys;
  let restored: string;
  let number = 0;

  const deps = () => ({
    run: runCommand,
    scratch: folder.make("scratch"),
    temporary: folder.make("temporary"),
    now: () => new Date(),
  });
  const check = async (options: Partial<ProofOptions> = {}) => {
    const manifest = await readManifest(join(restored, "ecs-pgdump"), keys);
    const given = { vault: VAULT, dumpFolder: "ecs-pgdump", vaultKeys: vaultKeys.keys, ...options };
    return checkRestored(restored, manifest, deps(), given);
  };
  const codes = ({ faults }: { faults: { code: string }[] }) => faults.map(({ code }) => code);
  const document = (name: string) => join(restored, VAULT, name);

  beforeAll(async () => {
    folder = newTestFolder();
    source = await startSource(folder);
    await source.query(...APPLICATION, "CREATE EXTENSION pg_stat_statements");
    vaultKeys = createVaultKeys();
    const vault = folder.make(`data/${VAULT}/ab`);
    for (let n = 0; n < 6; n++) vaultKeys.store(join(vault, `${n}.gpg`), `document ${n}`);
    vaultKeys.store(
      Buffer.concat([Buffer.from(`${vault}/`), Buffer.from([0xff, 0x0a]), Buffer.from(".gpg")]),
      "odd name",
    );
    writeFileSync(join(folder.make("data/etc"), "settings"), "as they were");
    await backUp(folder, source.address, keys);
  });
  afterAll(async () => {
    vaultKeys.remove();
    await source.stop();
    folder.remove();
  });
  beforeEach(() => {
    restored = folder.make(`restored-${number++}`);
    execFileSync("cp", ["--archive", `${folder.path}/data/.`, restored]);
  });

  it("proves a whole copy, says what it did and how long it took, and leaves nothing behind", async () => {
    const report = await check({ restoreMs: 1234 });
    expect(report).toMatchObject({
      proven: true,
      faults: [],
      extent: { files: "whole", sums: "whole", documents: "whole" },
      files: { indexed: 8, found: 8, newer: 0, summed: { files: 8 } },
      documents: { opened: 7, failed: 0 },
      database: { tables: 4, rows: 20_004 },
    });
    expect(report.milliseconds).toMatchObject({ restore: 1234 });
    expect(Math.min(...Object.values(report.milliseconds))).toBeGreaterThan(0);
    expect(readdirSync(folder.make("temporary"))).toEqual([]);
    expect(readdirSync(folder.make("scratch")).filter((name) => name.startsWith("proof-"))).toEqual([]);
    const path = await writeReport(folder.make("reports"), "main", report, keys);
    expect(await readReport(path, keys)).toEqual(report);
    writeFileSync(path, readFileSync(path, "utf8").replace('"opened": 7', '"opened": 8'));
    await expect(readReport(path, keys)).rejects.toMatchObject({ code: "MANIFEST_SEAL_WRONG" });
  });

  it("finds one flipped byte in a document and one in the dump, both, and a missing and a shorter file", async () => {
    flip(document("ab/0.gpg"), 40);
    flip(join(restored, "ecs-pgdump/ecs.pgdump.gz"), 5000);
    rmSync(document("ab/1.gpg"));
    truncateSync(document("ab/2.gpg"), 10);
    await changeSettings(restored);
    const report = await check();
    expect(report.proven).toBe(false);
    expect(codes(report)).toEqual(["PROOF_FILES_DIFFER", "PROOF_VAULT_UNREADABLE", "PROOF_DUMP_DAMAGED"]);
    expect(report.faults[0]?.message).toMatch(/1 missing, 2 different/);
    expect(report.files.newer).toBe(1);
  });

  it("finds a missing dump and a missing index", async () => {
    rmSync(join(restored, "ecs-pgdump/ecs.pgdump.gz"));
    rmSync(join(restored, "ecs-pgdump/backup-files.gz"));
    expect(codes(await check())).toEqual(["PROOF_FILES_DIFFER", "PROOF_DUMP_DAMAGED"]);
  });

  it("says sample where less was restored or read", async () => {
    rmSync(document("ab/1.gpg"));
    expect(await check({ partial: true, sumBytes: 1, documents: 2 })).toMatchObject({
      proven: true,
      extent: { files: "sample", sums: "sample", documents: "sample" },
      files: { indexed: 8, found: 7 },
      documents: { opened: 2 },
    });
  });

  it("takes a document for unreadable that another key has signed, though its sum is right", async () => {
    const stranger = createVaultKeys();
    const report = await check({ vaultKeys: { ...vaultKeys.keys, sign: stranger.keys.sign } });
    stranger.remove();
    expect(codes(report)).toEqual(["PROOF_VAULT_UNREADABLE"]);
    expect(report.documents).toEqual({ opened: 0, failed: 7 });
    await expect(check({ vaultKeys: { encrypt: "no key", sign: "none" } })).rejects.toMatchObject({
      code: "PROOF_VAULT_KEY_UNUSABLE",
    });
  });

  it("finds rows that are not those of the manifest", async () => {
    const dumps = join(restored, "ecs-pgdump");
    const manifest = await readManifest(dumps, keys);
    const [first, ...others] = manifest.database.tables;
    const tables = [{ ...first!, rows: first!.rows + 1 }, ...others, { schema: "public", name: "gone", rows: 1 }];
    const changed = { ...manifest, database: { ...manifest.database, tables } };
    const report = await checkRestored(restored, changed, deps(), { vault: VAULT, dumpFolder: "ecs-pgdump" });
    expect(codes(report)).toEqual(["PROOF_ROWS_DIFFER"]);
    expect(report.faults[0]?.message).toContain("public.gone has no rows instead of 1");
  });

  it("refuses a dump that starts a program, and none was started", async () => {
    const canary = join(folder.make("canary"), "x");
    execFileSync("chmod", ["777", join(folder.path, "canary")]);
    await replaceDump(restored, (plain) =>
      replaceSameLength(
        plain,
        "COPY public.empty_one (a, a_column_that_makes_the_statement_of_its_data_a_long_one_indeed) FROM stdin;",
        `COPY public.empty_one FROM PROGRAM 'touch ${canary}'`,
      ),
    );
    const report = await check();
    expect(codes(report)).toEqual(["PROOF_DUMP_REFUSED"]);
    expect(report.faults[0]?.message).toMatch(/COPY to or from an external program/);
    expect(existsSync(canary)).toBe(false);
  });

  it("gives code of the dump that runs while it is loaded no right of a superuser", async () => {
    const canary = join(folder.path, "canary-2");
    const body = `COPY (SELECT 1) TO PROGRAM 'touch ${canary}'`;
    await source.query("CREATE DATABASE evil TEMPLATE template0");
    const evil = { ...source, address: { ...source.address, database: "evil" } };
    await queryOf(evil.address, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)");
    await queryOf(
      evil.address,
      `CREATE FUNCTION f(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF current_user <> 'postgres' THEN EXECUTE $x$${body}$x$; END IF; RETURN a; END $$`,
      "CREATE INDEX ON t (f(a))",
    );
    const dumps = join(restored, "ecs-pgdump");
    const { dump, database } = await dumpDatabase(evil.address, dumps, {
      run: runCommand,
      scratch: folder.make("scratch"),
    });
    const manifest = await readManifest(dumps, keys);
    const report = await checkRestored(restored, { ...manifest, dump, database }, deps(), {
      vault: VAULT,
      dumpFolder: "ecs-pgdump",
    });
    expect(codes(report)).toEqual(["PROOF_DUMP_REFUSED"]);
    expect(existsSync(canary)).toBe(false);
  });

  it("killed in the middle, leaves a server and folders that the next proof ends and removes", async () => {
    const manifest = await readManifest(join(restored, "ecs-pgdump"), keys);
    const { scratch, temporary } = deps();
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "check-once.ts"), JSON.stringify({ restored, manifest, scratch, temporary })],
      {
        stdio: "ignore",
      },
    );
    const cluster = await waitFor(() =>
      readdirSync(temporary)
        .map((name) => join(temporary, name, "cluster/postmaster.pid"))
        .find(existsSync),
    );
    child.kill("SIGKILL");
    const pid = Number(readFileSync(cluster, "utf8").split("\n")[0]);
    const gone = () => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
    await waitFor(() => gone() || undefined);
    expect(readdirSync(temporary).length).toBe(1);
    rmSync(join(restored, "ecs-pgdump/ecs.pgdump.gz"));
    await waitFor(async () => check().catch(() => undefined));
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(scratch).filter((name) => name.startsWith("proof-"))).toEqual([]);
  });

  it("refuses a locale that is not here before anything is loaded", async () => {
    const manifest = await readManifest(join(restored, "ecs-pgdump"), keys);
    const database = { ...manifest.database, collate: "xx_XX.UTF-8", ctype: "xx_XX.UTF-8" };
    const checking = checkRestored(restored, { ...manifest, database }, deps(), {
      vault: VAULT,
      dumpFolder: "ecs-pgdump",
    });
    await expect(checking).rejects.toMatchObject({ code: "PROOF_LOCALE_MISSING" });
  });
});

async function waitFor<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 600; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error("waited 30 s in vain");
}

/** As while the backup ran, in its first second; duplicity gives no smaller part of the time back. */
async function changeSettings(restored: string) {
  const { at } = await readManifest(join(restored, "ecs-pgdump"), keys);
  const second = Math.floor(Date.parse(at) / 1000);
  writeFileSync(join(restored, "etc/settings"), "changed while the backup ran");
  utimesSync(join(restored, "etc/settings"), second, second);
}

function flip(path: string, at: number) {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

/** Changes the dump below `restored` as somebody with the key of the backup could, so that its sum is right. */
async function replaceDump(restored: string, change: (plain: Buffer) => Buffer) {
  const dumps = join(restored, "ecs-pgdump");
  const path = join(dumps, "ecs.pgdump.gz");
  const packed = gzipSync(change(gunzipSync(readFileSync(path))));
  writeFileSync(path, packed);
  const manifest = await readManifest(dumps, keys);
  const dump = { ...manifest.dump, bytes: packed.length, sha256: createHash("sha256").update(packed).digest("hex") };
  cpSync(join(dumps, "backup-files.gz"), join(dumps, "backup-files.gz.new"));
  await writeManifest(dumps, { ...manifest, dump }, keys);
}

/** The archive has the length of each statement before it. */
function replaceSameLength(plain: Buffer, from: string, to: string): Buffer {
  const at = plain.indexOf(from);
  expect(at).toBeGreaterThan(0);
  expect(to.length).toBeLessThanOrEqual(from.length);
  const changed = Buffer.from(plain);
  changed.write(to.padEnd(from.length), at, "latin1");
  return changed;
}
