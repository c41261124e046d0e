import {
  appendFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperatorError } from "@appliance/errors";
import type { BackupEngine } from "../src/index.ts";
import { dateToStamp } from "../src/duplicity/file-names.ts";
import { describeTree, writeDocuments } from "./corpus.ts";
import { BUILD_MS, restored } from "./engine-suite.ts";
import { openDuplicity } from "./open.ts";
import { newFolder, startTestHost, type TestHost } from "./test-host.ts";

describe("duplicity and what goes wrong", { timeout: 240_000 }, () => {
  let host: TestHost;
  let root: string;
  let good: string;
  let state: string;
  let tree: Map<string, string>;
  const engines: BackupEngine[] = [];
  const open = async (url: string, archive = newFolder(host, "state")) => {
    const engine = await openDuplicity(host, { url }, archive);
    engines.push(engine);
    return engine;
  };
  const source = () => ({ root, paths: ["vault", "dump"] });

  beforeAll(async () => {
    host = startTestHost();
    root = newFolder(host, "data");
    writeDocuments(root);
    tree = describeTree(root);
    good = join(host.folder, "good");
    state = newFolder(host, "state");
    await (await open(`file://${good}`, state)).backup(source(), { create: true });
  }, BUILD_MS);
  afterAll(async () => {
    for (const engine of engines) await engine.close();
    host.stop();
  });

  /** A copy of the good target and of what is known of it, with one file of it changed by `harm`. */
  async function harmed(pattern: RegExp, harm: (path: string) => void) {
    const store = newFolder(host, "store");
    const known = newFolder(host, "state");
    cpSync(good, store, { recursive: true });
    cpSync(join(state, "archive"), join(known, "archive"), { recursive: true });
    const name = readdirSync(store).find((entry) => pattern.test(entry)) ?? "";
    harm(join(store, name));
    return { name, store, engine: await open(`file://${store}`, known) };
  }

  /** Restoring, with nothing known but the target, either fails or gives what was backed up. Never something else. */
  async function expectNoWrongData(store: string) {
    const engine = await open(`file://${store}`);
    const outcome = await restored(engine, host, undefined).catch((error: unknown) => error);
    expect(outcome instanceof OperatorError ? tree : outcome).toEqual(tree);
  }

  const flip = (share: number) => (path: string) => {
    const bytes = readFileSync(path);
    const place = Math.floor((bytes.length - 1) * share);
    bytes[place] = (bytes[place] ?? 0) ^ 4;
    writeFileSync(path, bytes);
  };

  it.each([
    ["the end of a volume", /vol1\./, 1, "BACKUP_VOLUME_CORRUPT"],
    ["the manifest", /manifest/, 0.7, "BACKUP_MANIFEST_DAMAGED"],
    ["the signatures", /sigtar/, 0.7, "BACKUP_MANIFEST_DAMAGED"],
  ])("finds one flipped byte in %s by reading, and names the file", async (_, file, at, code) => {
    const { name, engine } = await harmed(file, flip(at));
    const failed = engine.verifyData({ everything: true });
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringContaining(name) as string });
  });

  it("finds a missing volume by the daily check, names it, and starts a full that is good", async () => {
    const { name, store, engine } = await harmed(/vol2\./, (path) => rmSync(path));
    const missing = { code: "BACKUP_VOLUME_MISSING", message: expect.stringContaining(name) as string };
    await expect(engine.check()).rejects.toMatchObject(missing);
    await expect(restored(engine, host, undefined)).rejects.toMatchObject(missing);
    const next = await engine.backup(source());
    expect(next.point.kind).toBe("full");
    expect(next.findings).toMatchObject([missing]);
    expect(await restored(await open(`file://${store}`), host, undefined)).toEqual(tree);
  });

  it("finds a manifest that was cut off by the daily check", async () => {
    const { engine, store } = await harmed(/manifest/, (path) => truncateSync(path, statSync(path).size - 300));
    await expect(engine.check()).rejects.toMatchObject({ code: "BACKUP_VOLUME_CORRUPT" });
    await expectNoWrongData(store);
  });

  it("starts anew after a run that was killed, although a file changed meanwhile", async () => {
    const data = newFolder(host, "data");
    writeFileSync(join(data, "dump"), randomBytes(8_000_000));
    const store = newFolder(host, "store");
    const known = newFolder(host, "state");
    const engine = await open(`file://${store}`, known);
    const dump = { root: data, paths: ["dump"] };
    const killed = engine.backup(dump, { create: true }).catch((error: unknown) => error);
    while (readdirSync(store).filter((name) => name.includes("vol")).length < 3) await sleep(20);
    host.killPrograms();
    expect(await killed).toBeInstanceOf(OperatorError);
    expect(readdirSync(store).some((name) => name.includes("manifest"))).toBe(false);
    writeFileSync(join(data, "dump"), randomBytes(8_000_000));
    const { point } = await engine.backup(dump, { create: true });
    expect(await restored(engine, host, point.id)).toEqual(describeTree(data));
    expect(readdirSync(store).every((name) => name.includes(point.id))).toBe(true);
  });

  it("says that the target is full, and counts on nothing that did not fit", async () => {
    const engine = await open("file:///small/store");
    appendFileSync(join(root, "vault", "big"), randomBytes(4_000_000));
    await expect(engine.backup(source(), { create: true })).rejects.toMatchObject({ code: "BACKUP_TARGET_FULL" });
    rmSync(join(root, "vault", "big"));
    expect(await engine.list()).toEqual([]);
  });

  it("prunes at the target what is old, goes on where its time was used up, and leaves what can be restored", async () => {
    const { store, engine } = await harmed(/manifest/, () => undefined);
    for (const days of [400, 330, 9, 8, 7, 6, 5, 4, 3]) copyChain(store, daysAgo(days));
    expect(await engine.prune({ budgetMs: 1 })).toEqual({
      removed: [],
      postponed: expect.stringContaining("used up") as string,
      findings: [],
    });
    const old = [daysAgo(400), daysAgo(330)];
    expect(await engine.prune()).toEqual({ removed: old, postponed: undefined, findings: [] });
    expect(readdirSync(store).filter((name) => old.some((stamp) => name.includes(stamp)))).toEqual([]);
    expect(await engine.list()).toHaveLength(8);
    expect(await restored(engine, host, undefined)).toEqual(tree);
  });

  it("asks the target for its list twice in a run, once more where something was removed, and believes no older list", async () => {
    const { store, engine } = await harmed(/manifest/, () => undefined);
    for (const days of [400, 330, 9, 8, 7, 6, 5, 4, 3]) copyChain(store, daysAgo(days));
    const run = async () => {
      const before = listings();
      await engine.backup(source());
      const { removed } = await engine.prune();
      const usage = await engine.usage();
      expect(usage.stored.files).toBe(readdirSync(store).length);
      return { removed: removed.length, listings: listings() - before };
    };
    expect(await run()).toEqual({ removed: 2, listings: 3 });
    expect(await run()).toEqual({ removed: 0, listings: 2 });
    rmSync(join(store, readdirSync(store).findLast((name) => name.includes("vol2.")) ?? ""));
    await expect(engine.check()).rejects.toMatchObject({ code: "BACKUP_VOLUME_MISSING" });
  });

  const listings = () => host.argumentsSeen.filter((argument) => argument === "list").length;
});

/** The names tell whole seconds: all are counted from the same one. */
const NOW = Date.now();

const daysAgo = (days: number) => dateToStamp(new Date(NOW - days * 86_400_000));

/** The full of `store` once more, as one of `stamp`. */
function copyChain(store: string, stamp: string) {
  for (const name of readdirSync(store).filter((one) => one.includes(newest(store))))
    cpSync(join(store, name), join(store, name.replace(newest(store), stamp)));
}

const newest = (store: string) =>
  readdirSync(store)
    .flatMap((name) => /\d{8}T\d{6}Z/.exec(name) ?? [])
    .sort()
    .at(-1) ?? "";
