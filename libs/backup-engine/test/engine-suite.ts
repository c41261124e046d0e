import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BackupEngine, Source, Target } from "../src/index.ts";
import { describeTree, DOCUMENTS, writeDocuments, writeOddFiles } from "./corpus.ts";
import { cutOff, removeAll, startServers, TARGETS, type TargetName } from "./targets.ts";
import { newFolder, startTestHost, type TestHost } from "./test-host.ts";

/** How an engine is opened on `host`; the same `state` folder keeps its archive. */
export type OpenEngine = (host: TestHost, target: Target, state: string) => Promise<BackupEngine>;

/** The image of the test host is built where it is not cached. */
export const BUILD_MS = 600_000;

export const PASSWORD = "s3cret/with:signs";

/** What every engine must do, on every kind of target. */
export function describeEngine(name: string, open: OpenEngine, targets: readonly TargetName[]): void {
  describe(`the engine ${name}`, { timeout: 480_000 }, () => {
    let host: TestHost;
    beforeAll(async () => {
      host = startTestHost();
      await startServers(host, targets);
    }, BUILD_MS);
    afterAll(() => host.stop());

    describe.each(targets)("on %s", (kind) => {
      let engine: BackupEngine;
      let root: string;
      let source: Source;
      let store: string;
      beforeAll(async () => {
        store = `store-${randomBytes(3).toString("hex")}`;
        root = newFolder(host, "data");
        source = { root, paths: DOCUMENTS };
        writeDocuments(root);
        engine = await open(host, TARGETS[kind](host, store), newFolder(host, "state"));
      });
      afterAll(() => engine.close());

      it("keeps every state that was backed up, and restores each of them equal", async () => {
        const first = describeTree(root);
        const progress: number[] = [];
        const one = await engine.backup(source, { create: true, onProgress: ({ done }) => progress.push(done.files) });
        expect(one).toMatchObject({ complete: true, skipped: [], findings: [] });
        expect(progress.at(-1)).toBeGreaterThan(5);
        change(root);
        const second = describeTree(root);
        const two = await engine.backup(source);
        expect(two.stored.bytes).toBeLessThan(one.stored.bytes / 2);
        expect([one.points, two.points]).toEqual([1, 2]);
        expect((await engine.list()).map(({ id }) => id)).toEqual([one.point.id, two.point.id]);

        expect(await restored(engine, host, undefined)).toEqual(second);
        expect((await engine.verifyData({ everything: true })).everythingReadSince).toBeInstanceOf(Date);
        // No target changes what an older state is, or how much there is in all.
        if (kind !== "file") return;
        expect(await restored(engine, host, one.point.id)).toEqual(first);
        expect((await engine.usage()).points).toBe(2);
      });

      it("sees by the daily check that a file was cut off there, and begins no backup where all is gone", async () => {
        cutOff(host, kind, store);
        await expect(engine.check()).rejects.toMatchObject({ code: "BACKUP_VOLUME_CORRUPT" });
        removeAll(host, kind, store);
        await expect(engine.backup(source)).rejects.toMatchObject({ code: "BACKUP_TARGET_EMPTY" });
      });

      it("shows the key and the passwords to nobody who lists processes", () => {
        const seen = host.argumentsSeen.join("\n");
        for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), "BEGIN PGP"]) expect(seen).not.toContain(secret);
      });
    });

    describe("with difficult sources", () => {
      let engine: BackupEngine;
      let root: string;
      beforeAll(async () => {
        root = newFolder(host, "data");
        engine = await open(host, TARGETS.file(host, "difficult"), newFolder(host, "state"));
      });
      afterAll(() => engine.close());

      it("restores odd names, links, pipes and sparse files as they were", async () => {
        writeOddFiles(root);
        writeFileSync(join(root, "beside"), "not chosen");
        const { point } = await engine.backup({ root, paths: ["odd"] }, { create: true });
        const names: string[] = [];
        await engine.files(point.id, ({ path }) => names.push(path));
        expect(names).toContain("odd/new\nline");
        const tree = describeTree(root);
        tree.delete("beside");
        expect(await restored(engine, host, point.id)).toEqual(tree);
      });

      it("backs up the rest when files vanish while it reads", async () => {
        mkdirSync(join(root, "busy"));
        for (let n = 0; n < 300; n++) writeFileSync(join(root, "busy", `${n % 2 ? "z" : "a"}${n}`), randomBytes(2000));
        let isGone = false;
        const vanish = () => {
          if (!isGone) for (let n = 1; n < 300; n += 2) rmSync(join(root, "busy", `z${n}`));
          isGone = true;
        };
        const { point } = await engine.backup({ root, paths: ["busy"] }, { onProgress: vanish });
        const back = await restored(engine, host, point.id);
        const left = [...describeTree(root)].filter(([name]) => name.startsWith("busy/a"));
        expect(left.every(([name, what]) => back.get(name) === what)).toBe(true);
      });

      it("refuses a source that is not there, and writes nothing", async () => {
        const before = await engine.list();
        await expect(engine.backup({ root, paths: ["vault"] })).rejects.toMatchObject({
          code: "BACKUP_SOURCE_MISSING",
        });
        expect(await engine.list()).toEqual(before);
      });

      it("restores single paths below their own names", async () => {
        writeDocuments(root);
        await engine.backup({ root, paths: DOCUMENTS });
        const into = join(newFolder(host, "restored"), "new");
        await engine.restore({ into, paths: ["vault/01/doc3.gpg", "dump"] });
        const names = ["dump", "dump/ecs.pgdump.gz", "vault", "vault/01", "vault/01/doc3.gpg"];
        expect([...describeTree(into).keys()]).toEqual(names);
        expect(describeTree(into).get("vault/01/doc3.gpg")).toEqual(describeTree(root).get("vault/01/doc3.gpg"));
        await expect(engine.restore({ into: `${into}2`, paths: ["vault/none"] })).rejects.toMatchObject({
          code: "BACKUP_PATH_NOT_FOUND",
        });
        await expect(engine.restore({ into })).rejects.toMatchObject({ code: "BACKUP_RESTORE_NOT_EMPTY" });
      });
    });
  });
}

/** A changed document, a new one, one less, and another dump. */
function change(root: string) {
  appendFileSync(join(root, "vault", "01", "doc1.gpg"), "more");
  writeFileSync(join(root, "vault", "01", "new.gpg"), randomBytes(50_000));
  rmSync(join(root, "vault", "01", "doc2.gpg"));
  writeFileSync(join(root, "dump", "ecs.pgdump.gz"), randomBytes(200_000));
}

export async function restored(engine: BackupEngine, host: TestHost, pointId: string | undefined) {
  const into = newFolder(host, "restored");
  await engine.restore({ into, ...(pointId === undefined ? {} : { pointId }) });
  return describeTree(into);
}
