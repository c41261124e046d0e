import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { deriveKeys, readManifest, writeManifest } from "@appliance/backup-content";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runRecovery } from "./recover.ts";
import { backUp, DIGEST, fillData, save, TABLES } from "./testing/make-backup.ts";
import { createDeps, describeTree, sliceOf, startTestHost, type Setting, type TestHost } from "./testing/test-host.ts";

describe("a copy that a host in standby keeps", { timeout: 120_000 }, () => {
  let host: TestHost;
  let origin: string;
  let live: Setting;
  let standby: Setting;
  const pull = (setting: Setting, onEvent?: (event: string) => void) => {
    const request = { target: null, at: null, replace: true };
    return runRecovery(request, createDeps(setting, onEvent), new AbortController().signal);
  };

  beforeAll(async () => {
    host = await startTestHost();
    await host.server.query("postgres", "CREATE DATABASE source TEMPLATE template0");
    await host.server.query("source", ...TABLES);
    origin = host.prepareData();
    fillData(origin);
    const urls = { main: `file://${host.folder}/store` };
    live = host.setting(origin, sliceOf(urls));
    standby = host.setting(host.prepareData(), sliceOf(urls, { standby: true }));
    await backUp(host, live, "main");
  }, 600_000);
  afterAll(() => host.stop());

  it("follows what was added, moved and removed, and is never half of each, though it is interrupted", async () => {
    await pull(standby);
    const first = describeTree(standby.dataDir);
    expect(first).toEqual(describeTree(origin));
    const vault = join(origin, "ecs-storage-vault");
    rmSync(join(vault, "0101/doc0.gpg"));
    rmSync(join(vault, "odd"), { recursive: true });
    renameSync(join(vault, "0102"), join(vault, "0103"));
    writeFileSync(join(vault, "0101/new.gpg"), "new");
    await host.server.query("source", "DELETE FROM submission WHERE id > 100");
    await backUp(host, live, "main");
    const cut = pull(standby, (event) => {
      if (event.startsWith("restored folder is in its place ecs-storage-vault")) throw new Error("cut off here");
    });
    await expect(cut).rejects.toThrow("cut off here");
    expect(await pull(standby)).toMatchObject({ rows: 100 });
    expect(describeTree(standby.dataDir)).toEqual(describeTree(origin));
    expect(await host.server.query("ecs", DIGEST)).toEqual(await host.server.query("source", DIGEST));
    expect(await host.server.databases()).toEqual(["ecs", "postgres", "source", "template0", "template1"]);
  });

  it("is not replaced on a host that is not in standby", async () => {
    const before = describeTree(standby.dataDir);
    const active = { ...standby, slice: { ...standby.slice, standby: false } };
    await expect(pull(active)).rejects.toMatchObject({ code: "RECOVERY_REPLACE_REFUSED" });
    expect(describeTree(standby.dataDir)).toEqual(before);
  });

  it("stays as it is when the dump of the next backup starts a program, which is not started", async () => {
    const before = describeTree(standby.dataDir);
    const canary = join(host.folder, "canary");
    await writeHostileDump(origin, `COPY public.empty_one FROM PROGRAM 'touch ${canary}'`);
    await save(live, "main");
    await expect(pull(standby)).rejects.toMatchObject({
      code: "PROOF_DUMP_REFUSED",
      message: expect.stringContaining("COPY to or from an external program") as string,
    });
    expect(existsSync(canary)).toBe(false);
    const after = [...describeTree(standby.dataDir)].filter(([path]) => !path.startsWith(".restore-"));
    expect(new Map(after)).toEqual(before);
    expect(await host.server.query("ecs", DIGEST)).toEqual(await host.server.query("source", DIGEST));
  });
});

/** Changes a statement of the dump below `root` as somebody with the keys of env.yml could, so that sums and seal are right. */
async function writeHostileDump(root: string, statement: string) {
  const dumps = join(root, "ecs-pgdump");
  const keys = deriveKeys("the restic password");
  const [manifest, path] = [await readManifest(dumps, keys), join(dumps, "ecs.pgdump.gz")];
  const plain = gunzipSync(readFileSync(path));
  const asked =
    "COPY public.empty_one (a, a_column_that_makes_the_statement_of_its_data_a_long_one_indeed) FROM stdin;";
  const at = plain.indexOf(asked);
  expect(at).toBeGreaterThan(0);
  expect(statement.length).toBeLessThanOrEqual(asked.length);
  plain.write(statement.padEnd(asked.length), at, "latin1");
  const packed = gzipSync(plain);
  writeFileSync(path, packed);
  const sha256 = createHash("sha256").update(packed).digest("hex");
  execFileSync("cp", ["--archive", join(dumps, "backup-files.gz"), join(dumps, "backup-files.gz.new")]);
  await writeManifest(dumps, { ...manifest, dump: { ...manifest.dump, bytes: packed.length, sha256 } }, keys);
}
