import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runRecovery } from "./recover.ts";
import { backUp, DIGEST, fillData, TABLES } from "./testing/make-backup.ts";
import { createDeps, describeTree, sliceOf, startTestHost, type Setting, type TestHost } from "./testing/test-host.ts";

const ANY = { target: null, at: null, replace: false };
const never = () => new AbortController().signal;

describe("a recovery onto a bare host", { timeout: 120_000 }, () => {
  let host: TestHost;
  let origin: string;
  let setting: Setting;
  const recover = (request: Parameters<typeof runRecovery>[0] = ANY, events: string[] = []) =>
    runRecovery(
      request,
      createDeps(setting, (event) => events.push(event)),
      never(),
    );
  const withSlice = (slice: Setting["slice"]): Setting => ({ ...setting, slice });

  beforeAll(async () => {
    host = await startTestHost();
    await host.server.query("postgres", "CREATE DATABASE source TEMPLATE template0");
    await host.server.query("source", ...TABLES);
    origin = host.prepareData();
    fillData(origin);
    const made = host.setting(origin, sliceOf({ main: `file://${host.folder}/store` }));
    await backUp(host, made, "main");
  }, 600_000);
  afterAll(() => host.stop());
  beforeEach(async () => {
    setting = host.setting(host.prepareData(), sliceOf({ main: `file://${host.folder}/store` }));
    await host.server.query("postgres", "DROP DATABASE IF EXISTS ecs");
  });
  const live = (path: string) => join(setting.dataDir, path);
  const untouched = async () => {
    expect(readdirSync(setting.dataDir).filter((name) => name.startsWith("."))).toEqual([]);
    expect(await host.server.databases()).toEqual(["postgres", "source", "template0", "template1"]);
  };

  it("puts back every file with its owner and rights, and every row, and leaves nothing else behind", async () => {
    const inodes = ["ecs-storage-vault", "etc", "etc/certificates"].map((path) => statSync(live(path)).ino);
    const events: string[] = [];
    const recovered = await recover(ANY, events);
    expect(describeTree(setting.dataDir)).toEqual(describeTree(origin));
    expect(await host.server.query("ecs", DIGEST)).toEqual(await host.server.query("source", DIGEST));
    const owners = await host.server.query(
      "ecs",
      "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(owners).toEqual([{ tableowner: "app" }]);
    expect(recovered).toMatchObject({ target: "main", tables: 2, rows: 5000, comparedWith: "manifest" });
    expect(recovered.files).toBeGreaterThan(15);
    // Containers have these folders mounted.
    expect(["ecs-storage-vault", "etc", "etc/certificates"].map((path) => statSync(live(path)).ino)).toEqual(inodes);
    expect(await host.server.databases()).toEqual(["ecs", "postgres", "source", "template0", "template1"]);
    expect(readdirSync(join(host.folder, "volatile"))).not.toContain("recovery");
    expect(events).toContain("Comparing the files with the manifest");
  });

  it("refuses where documents, dumps or a database are, names all of them at once, and changes nothing", async () => {
    await recover();
    const before = describeTree(setting.dataDir);
    const refused = recover();
    await expect(refused).rejects.toMatchObject({ code: "RECOVERY_NOT_POSSIBLE" });
    const { message } = (await refused.catch((error: unknown) => error)) as Error;
    expect(message).toMatch(/^3 things.*ecs-storage-vault holds files.*ecs-pgdump holds files.*ecs has 2 tables/s);
    expect(describeTree(setting.dataDir)).toEqual(before);
  });

  it("passes over a target that does not answer, takes an empty database for none, and replaces of the settings what it has", async () => {
    setting = withSlice(sliceOf({ main: `file://${host.folder}/nowhere`, second: `file://${host.folder}/store` }));
    await host.server.query("postgres", "CREATE DATABASE ecs");
    await host.server.query("ecs", "CREATE EXTENSION pg_stat_statements");
    writeFileSync(live("etc/of this host"), "stays");
    writeFileSync(live("etc/certificates/account.json"), "of the bare host");
    mkdirSync(live("etc/hooks"));
    writeFileSync(live("etc/hooks/other"), "made by nobody");
    const events: string[] = [];
    expect(await recover(ANY, events)).toMatchObject({ target: "second" });
    expect(events.some((event) => event.startsWith("Passing over main: "))).toBe(true);
    expect(await host.server.query("ecs", DIGEST)).toEqual(await host.server.query("source", DIGEST));
    expect(await host.server.databases()).toEqual(["ecs", "postgres", "source", "template0", "template1"]);
    const found = describeTree(setting.dataDir);
    expect(found.delete("etc/of this host")).toBe(true);
    expect(found).toEqual(describeTree(origin));
  });

  it("refuses another password, a manifest with another seal, a time before the first backup and an unknown target", async () => {
    const urls = { main: `file://${host.folder}/store` };
    setting = withSlice(sliceOf(urls, { resticPassword: "another password" }));
    await expect(recover()).rejects.toMatchObject({ code: "BACKUP_KEY_WRONG" });
    setting = withSlice(sliceOf(urls, { sealSecrets: ["another secret"] }));
    await expect(recover()).rejects.toMatchObject({ code: "MANIFEST_SEAL_WRONG" });
    setting = withSlice(sliceOf(urls));
    const early = { ...ANY, at: "2020-01-01T00:00:00Z" };
    const message = expect.stringContaining("which is after 2020-01-01 00:00:00 UTC");
    await expect(recover(early)).rejects.toMatchObject({ code: "RECOVERY_NO_POINT", message });
    setting = withSlice(sliceOf({ ...urls, away: `file://${host.folder}/absent` }));
    const remedy = expect.stringMatching(/^main: .*later time[^]*^away: /m);
    await expect(recover(early)).rejects.toMatchObject({ code: "RECOVERY_NO_BACKUP", remedy });
    await expect(recover({ ...ANY, target: "other" })).rejects.toMatchObject({ code: "BACKUP_TARGET_UNKNOWN" });
    await untouched();
  });

  it("refuses a locale that PostgreSQL does not have and a role that could do more than the application", async () => {
    setting = withSlice(sliceOf({ main: `file://${host.folder}/store` }, { databaseLocale: "xx_XX.UTF-8" }));
    await host.server.query("postgres", "ALTER ROLE app SUPERUSER");
    const refused = recover();
    await expect(refused).rejects.toThrow(
      /superuser\. \(RECOVERY_ROLE_UNFIT\).*xx_XX.UTF-8\. \(RECOVERY_LOCALE_MISSING\)/,
    );
    await host.server.query("postgres", "ALTER ROLE app NOSUPERUSER");
    await untouched();
  });

  it("moves nothing in when what is stored is damaged", async () => {
    const store = join(host.folder, "damaged");
    execFileSync("cp", ["--archive", join(host.folder, "store"), store]);
    const largest = execFileSync("sh", ["-c", `ls -S $(find ${store}/data -type f) | head -n 1`], {
      encoding: "utf8",
    }).trim();
    execFileSync("sh", ["-c", `printf XXXXXXXX | dd of=${largest} bs=1 seek=60000 conv=notrunc status=none`]);
    setting = withSlice(sliceOf({ main: `file://${store}` }));
    const before = describeTree(setting.dataDir);
    await expect(recover()).rejects.toMatchObject({ code: expect.stringMatching(/^BACKUP_/) as string });
    const after = describeTree(setting.dataDir);
    for (const name of [...after.keys()].filter((path) => path.startsWith(".restore-"))) after.delete(name);
    expect(after).toEqual(before);
    expect(existsSync(live("ecs-storage-vault/0101"))).toBe(false);
    expect(lstatSync(live("ecs-storage-vault")).isDirectory()).toBe(true);
  });
});
