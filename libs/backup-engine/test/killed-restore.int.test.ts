import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperatorError } from "@appliance/errors";
import { describeTree } from "./corpus.ts";
import { BUILD_MS, type OpenEngine } from "./engine-suite.ts";
import { openDuplicity, openRestic } from "./open.ts";
import { newFolder, startTestHost, type TestHost } from "./test-host.ts";

const ENGINES: readonly (readonly [string, OpenEngine, string])[] = [
  ["duplicity", openDuplicity, "webdav://account:word@127.0.0.1:8091/store"],
  ["restic", (...args) => openRestic(...args), "rest:http://account:word@127.0.0.1:8092/"],
];

/** The servers are slow, so that the kill arrives while files are still missing: four megabytes take four seconds. */
const SLOWLY = ["--bwlimit", "1M", "--user", "account", "--pass", "word"];
const FILES = 800;
const BYTES = 5000;

describe("a restore whose programs are killed while they write files", { timeout: 240_000 }, () => {
  let host: TestHost;
  let root: string;
  beforeAll(async () => {
    host = startTestHost();
    host.exec("mkdir", "-p", "/srv/webdav", "/srv/restic");
    host.serve("rclone", "serve", "webdav", "/srv/webdav", "--addr", "127.0.0.1:8091", ...SLOWLY);
    host.serve("rclone", "serve", "restic", "/srv/restic", "--addr", "127.0.0.1:8092", ...SLOWLY);
    for (const port of [8091, 8092]) await host.listening(port);
    root = newFolder(host, "data");
    mkdirSync(join(root, "vault"));
    for (let n = 0; n < FILES; n++) writeFileSync(join(root, "vault", `doc${n}.gpg`), randomBytes(BYTES));
  }, BUILD_MS);
  afterAll(() => host.stop());

  it.each(ENGINES)(
    "is no restore of %s: nothing is put beside its files, and anew it is whole",
    async (_, open, url) => {
      const target = { url };
      const state = newFolder(host, "state");
      const engine = await open(host, target, state);
      await engine.backup({ root, paths: ["vault"] }, { create: true });

      const into = newFolder(host, "restored");
      const restoring = engine.restore({ into }).catch((error: unknown) => error);
      while (filesIn(into) === 0) await sleep(2);
      host.killPrograms();
      expect(await restoring).toBeInstanceOf(OperatorError);
      const left = filesIn(into);
      expect(left).toBeLessThan(FILES);

      // As a process that was started anew would: with the archive of the dead one, and nothing else of it.
      const next = await open(host, target, state);
      expect(readdirSync(join(state, "temporary"))).toEqual([]);
      await expect(next.restore({ into })).rejects.toMatchObject({ code: "BACKUP_RESTORE_NOT_EMPTY" });
      expect(filesIn(into)).toBe(left);
      rmSync(into, { recursive: true });
      expect(await next.restore({ into })).toMatchObject({ bytes: FILES * BYTES });
      expect(describeTree(into)).toEqual(describeTree(root));
      await next.close();
    },
  );
});

function filesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length;
}
