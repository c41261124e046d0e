import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BackupEngine, Target } from "../src/index.ts";
import { describeTree } from "./corpus.ts";
import { BUILD_MS, restored, type OpenEngine } from "./engine-suite.ts";
import { openDuplicity, openRestic } from "./open.ts";
import { ACCOUNT, knownHosts, PLACES, TARGETS } from "./targets.ts";
import { newFolder, startTestHost, type TestHost } from "./test-host.ts";

/** A key of another server. */
const OTHER_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIIuRR2lA0gTzqdQEMwVKOI07bVlWzjMJaHcyA1sSRrKr";

describe("a server of sftp and what goes wrong", { timeout: 240_000 }, () => {
  let host: TestHost;
  let root: string;
  beforeAll(() => {
    host = startTestHost();
    root = newFolder(host, "data");
    writeFileSync(join(root, "dump"), randomBytes(6_000_000));
  }, BUILD_MS);
  afterAll(() => host.stop());

  const engines: readonly (readonly [string, OpenEngine])[] = [
    ["duplicity", openDuplicity],
    ["restic", (...args) => openRestic(...args)],
  ];

  describe.each(engines)("with %s", (name, openEngine) => {
    const opened: BackupEngine[] = [];
    const open = async (more: Partial<Target>) => {
      const target = { ...TARGETS.sftp(host, name), ...more };
      const engine = await openEngine(host, target, newFolder(host, "state"));
      opened.push(engine);
      return engine;
    };
    afterEach(async () => {
      for (const engine of opened.splice(0)) await engine.close();
    });
    const source = () => ({ root, paths: ["dump"] });
    const url = () => TARGETS.sftp(host, name).url;

    it("prints the line to add for a host key that is not known", async () => {
      await expect((await open({ knownHosts: "" })).list()).rejects.toMatchObject({
        code: "BACKUP_HOST_KEY_UNKNOWN",
        message: expect.stringContaining(knownHosts(host).trim()) as string,
      });
    });

    it("refuses a host key that changed", async () => {
      const changed = knownHosts(host).replace(/A{4}\S+/, OTHER_KEY);
      await expect((await open({ knownHosts: changed })).list()).rejects.toMatchObject({
        code: "BACKUP_HOST_KEY_CHANGED",
      });
    });

    it("tells a refused login from a server that is not there", async () => {
      const wrong = await open({ url: url().replace("s3cret", "wrong") });
      await expect(wrong.list()).rejects.toMatchObject({ code: "BACKUP_LOGIN_REFUSED" });
      const absent = await open({ url: url().replace(":2222", ":2223") });
      await expect(absent.list()).rejects.toMatchObject({ code: "BACKUP_TARGET_UNREACHABLE" });
    });

    it("logs in with a key", async () => {
      const sshKey = admitKey(host);
      const engine = await open({ url: `sftp://${ACCOUNT}@127.0.0.1:2222/key-${name}`, sshKey });
      await engine.backup(source(), { create: true });
      expect(await restored(engine, host, undefined)).toEqual(describeTree(root));
    });

    it("counts on nothing that did not fit, although sftp has no word for a disk that is full", async () => {
      const full = await open({ url: url().replace(/[^/]+$/, `/small/${name}`) });
      await expect(full.backup(source(), { create: true })).rejects.toMatchObject({
        code: expect.stringMatching(/^BACKUP_(?:FAILED|TARGET_FULL)$/) as string,
      });
      expect(await full.list()).toEqual([]);
      host.exec("rm", "-rf", `/small/${name}`);
    });

    it("says that the target cannot be written to", async () => {
      host.exec("install", "-d", "-m", "555", `${PLACES.sftp}/locked`);
      const locked = await open({ url: url().replace(/[^/]+$/, "locked") });
      await expect(locked.backup(source(), { create: true })).rejects.toMatchObject({
        code: "BACKUP_TARGET_READ_ONLY",
      });
    });
  });
});

/** A key with which the server lets in. */
function admitKey(host: TestHost): string {
  const key = join(newFolder(host, "ssh"), "key");
  host.exec("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
  host.exec("install", "-D", "-o", ACCOUNT, "-m", "644", `${key}.pub`, `${PLACES.sftp}/.ssh/authorized_keys`);
  host.exec("chmod", "644", key);
  return readFileSync(key, "utf8");
}
