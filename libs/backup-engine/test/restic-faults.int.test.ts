import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperatorError } from "@appliance/errors";
import { describeTree, writeDocuments } from "./corpus.ts";
import { BUILD_MS, restored } from "./engine-suite.ts";
import { backUpResticOn, openRestic } from "./open.ts";
import { newFolder, startTestHost, type TestHost } from "./test-host.ts";

describe("restic and what goes wrong", { timeout: 240_000 }, () => {
  let host: TestHost;
  let root: string;
  let good: string;
  const open = (url: string) => openRestic(host, { url }, newFolder(host, "state"));
  const source = () => ({ root, paths: ["vault", "dump"] });

  beforeAll(async () => {
    host = startTestHost();
    root = newFolder(host, "data");
    writeDocuments(root);
    good = join(host.folder, "good");
    await (await open(`file://${good}`)).backup(source(), { create: true });
  }, BUILD_MS);
  afterAll(() => host.stop());

  /** A copy of the good repository with one file below `folder` changed by `harm`. */
  async function harmed(folder: string, harm: (path: string) => void) {
    const store = newFolder(host, "store");
    cpSync(good, store, { recursive: true });
    const files = readdirSync(join(store, folder), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    const [file] = files;
    if (!file) throw new Error(`no file in ${folder}`);
    harm(join(file.parentPath, file.name));
    return { name: file.name, engine: await open(`file://${store}`) };
  }

  const flip = (path: string) => {
    const bytes = readFileSync(path);
    const place = Math.floor(bytes.length / 2);
    bytes[place] = (bytes[place] ?? 0) ^ 4;
    writeFileSync(path, bytes, { mode: 0o600 });
  };

  it("finds one flipped byte by reading, and names the pack", async () => {
    const { name, engine } = await harmed("data", flip);
    await expect(engine.verifyData({ everything: true })).rejects.toMatchObject({
      code: "BACKUP_VOLUME_CORRUPT",
      message: expect.stringContaining(name.slice(0, 8)) as string,
    });
  });

  it("finds a missing pack by the daily check, and names it", async () => {
    const { name, engine } = await harmed("data", (path) => rmSync(path));
    await expect(engine.check()).rejects.toMatchObject({
      code: "BACKUP_VOLUME_MISSING",
      message: expect.stringContaining(name.slice(0, 8)) as string,
    });
  });

  it("finds a damaged index or snapshot by the daily check, and takes no other point for the last one", async () => {
    await expect((await harmed("index", flip)).engine.check()).rejects.toMatchObject({
      code: "BACKUP_MANIFEST_DAMAGED",
    });
    const { engine } = await harmed("snapshots", flip);
    await expect(engine.check()).rejects.toMatchObject({ code: "BACKUP_MANIFEST_DAMAGED" });
    await expect(restored(engine, host, undefined)).rejects.toMatchObject({ code: "BACKUP_MANIFEST_DAMAGED" });
  });

  it("is refused with another password", async () => {
    const other = await openRestic(host, { url: `file://${good}` }, newFolder(host, "state"), {
      password: "another password",
    });
    await expect(other.backup(source())).rejects.toMatchObject({ code: "BACKUP_KEY_WRONG" });
    await expect(other.list()).rejects.toMatchObject({ code: "BACKUP_KEY_WRONG" });
  });

  it("backs up and prunes after a run that was killed, and breaks no lock of another host", async () => {
    const data = newFolder(host, "data");
    writeFileSync(join(data, "dump"), randomBytes(60_000_000));
    const store = join(host.folder, "killed");
    const engine = await open(`file://${store}`);
    const dump = { root: data, paths: ["dump"] };
    const killed = engine.backup(dump, { create: true }).catch((error: unknown) => error);
    while (locksIn(store).length === 0) await sleep(10);
    host.killPrograms();
    expect(await killed).toBeInstanceOf(OperatorError);
    expect(locksIn(store)).toHaveLength(1);
    const other = await openRestic(host, { url: `file://${store}` }, newFolder(host, "state"), {
      hostName: "appliance-b",
    });
    expect(await other.unlock()).toMatchObject({ broken: 0, left: [{ host: "appliance-a" }] });
    await expect(other.prune()).rejects.toMatchObject({
      code: "BACKUP_LOCKED",
      message: expect.stringContaining("appliance-a") as string,
    });
    const { point } = await engine.backup(dump);
    expect(await restored(engine, host, point.id)).toEqual(describeTree(data));
    expect(await engine.prune()).toEqual({ removed: [], postponed: undefined, findings: [] });
  });

  const locksIn = (store: string) => {
    try {
      return readdirSync(join(store, "locks"));
    } catch {
      return [];
    }
  };

  it("says that the target is full", async () => {
    const data = newFolder(host, "data");
    writeFileSync(join(data, "big"), randomBytes(6_000_000));
    const engine = await open("file:///small/store");
    const big = { root: data, paths: ["big"] };
    await expect(engine.backup(big, { create: true })).rejects.toMatchObject({ code: "BACKUP_TARGET_FULL" });
  });

  it("forgets by days, weeks and months, and nothing while a backup is later than now", async () => {
    const store = join(host.folder, "dated");
    const policy = { daily: 2, weekly: 1, monthly: 2 };
    const engine = await openRestic(host, { url: `file://${store}` }, newFolder(host, "state"), { policy });
    await engine.backup({ root, paths: ["dump"] }, { create: true });
    const today = new Date().toISOString().slice(0, 10);
    for (const date of ["2026-01-10", "2026-02-10", "2026-03-08", "2026-03-09"])
      await backUpResticOn(host, date, store, root);
    expect(await engine.prune({ budgetMs: 1 })).toEqual({
      removed: [],
      postponed: expect.stringContaining("used up") as string,
      findings: [],
    });
    expect((await engine.prune()).removed).toHaveLength(3);
    const left = await engine.list();
    expect(left.map(({ at }) => at.toISOString().slice(0, 10))).toEqual(["2026-03-09", today]);
    await backUpResticOn(host, "2099-01-01", store, root);
    const id = (await engine.list()).at(-1)?.id;
    expect(await engine.prune()).toMatchObject({
      postponed: expect.stringContaining("2099") as string,
      findings: [{ code: "BACKUP_LATER_THAN_NOW", message: expect.stringContaining(`${id} of 2099`) as string }],
    });
    expect(await engine.list()).toHaveLength(left.length + 1);
  });

  it("is called four times a night, six on one that forgets a backup, and then frees what nothing needs any more", async () => {
    const [data, store] = [newFolder(host, "data"), join(host.folder, "nights")];
    const policy = { daily: 1, weekly: 0, monthly: 0 };
    const engine = await openRestic(host, { url: `file://${store}` }, newFolder(host, "state"), { policy });
    const night = async () => {
      const before = calls();
      await engine.backup({ root: data, paths: ["dump"] }, { create: true });
      const { removed } = await engine.prune();
      return { removed: removed.length, calls: calls() - before };
    };
    writeFileSync(join(data, "dump"), randomBytes(3_000_000));
    expect(await night()).toEqual({ removed: 0, calls: 5 }); // one of them makes the repository
    expect(await night()).toEqual({ removed: 0, calls: 4 }); // all of a week are kept
    await backUpResticOn(host, "2026-01-10", store, root);
    expect(bytesIn(store)).toBeGreaterThan(4_000_000);
    expect(await night()).toEqual({ removed: 1, calls: 6 });
    expect(bytesIn(store)).toBeLessThan(3_500_000);
  });

  const bytesIn = (store: string) =>
    readdirSync(join(store, "data"), { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

  const calls = () => host.argumentsSeen.filter((argument) => argument === "--repo").length;
});
