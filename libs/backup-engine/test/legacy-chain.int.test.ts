import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BackupEngine } from "../src/index.ts";
import { DOCUMENTS, writeDocuments } from "./corpus.ts";
import { BUILD_MS, restored } from "./engine-suite.ts";
import { LEGACY, openDuplicity } from "./open.ts";
import { newFolder, startTestHost, type TestHost } from "./test-host.ts";

describe("a chain of the old system (duply, duplicity 0.7)", { timeout: 240_000 }, () => {
  let host: TestHost;
  let engine: BackupEngine;
  let store: string;
  beforeAll(async () => {
    host = startTestHost();
    store = join(newFolder(host, "legacy"), "target");
    cpSync(join(LEGACY, "target"), store, { recursive: true });
    engine = await openDuplicity(host, { url: `file://${store}` }, newFolder(host, "state"));
  }, BUILD_MS);
  afterAll(async () => {
    await engine.close();
    host.stop();
  });

  it("is listed, checked, read whole, and restored equal to its sums", async () => {
    expect((await engine.list()).map(({ kind }) => kind)).toEqual(["full", "increment", "increment"]);
    await engine.verifyData({ everything: true });
    const into = newFolder(host, "restored");
    await engine.restore({ into });
    execFileSync("sha256sum", ["--check", "--quiet", join(LEGACY, "manifest.sha256")], { cwd: into });
  });

  it("restores an older state of it", async () => {
    const [full] = await engine.list();
    expect([...(await restored(engine, host, full?.id)).keys()]).toContain("ecs-storage-vault/0303/doc3.gpg");
  });

  it("is never continued: the first run starts a full of its own, and the second builds on that", async () => {
    const root = newFolder(host, "data");
    writeDocuments(root);
    expect((await engine.backup({ root, paths: DOCUMENTS })).point.kind).toBe("full");
    expect((await engine.backup({ root, paths: DOCUMENTS })).point.kind).toBe("increment");
    const old = await engine.list();
    expect(old.map(({ kind }) => kind)).toEqual(["full", "increment", "increment", "full", "increment"]);
  });

  it("is refused with another key, and nothing is written", async () => {
    const elsewhere = join(newFolder(host, "other"), "target");
    cpSync(join(LEGACY, "target"), elsewhere, { recursive: true });
    const other = await openDuplicity(host, { url: `file://${elsewhere}` }, newFolder(host, "state"), {
      key: newKey(host),
    });
    try {
      const into = newFolder(host, "restored");
      await expect(other.restore({ into })).rejects.toMatchObject({ code: "BACKUP_KEY_WRONG" });
      expect(readdirSync(into)).toEqual([]);
    } finally {
      await other.close();
    }
  });
});

/** A secret key that nobody has seen, without passphrase. */
function newKey(host: TestHost): string {
  const home = newFolder(host, "keys");
  mkdirSync(join(home, "x"));
  const gpg = (...args: string[]) => host.exec("gpg", "--homedir", home, "--batch", "--quiet", ...args);
  gpg("--passphrase", "", "--quick-gen-key", "other", "rsa2048", "default", "never");
  return gpg("--armor", "--export-secret-keys");
}
