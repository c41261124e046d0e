import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runRecovery } from "./recover.ts";
import { createDeps, sliceOf, startTestHost, type Setting, type TestHost } from "./testing/test-host.ts";

/** A chain of duply and duplicity 0.7: its key, the sums of the vault and the digest of a table. */
const LEGACY = join(import.meta.dirname, "../../../../libs/backup-engine/vectors/legacy-backup");
const DIGEST =
  "SELECT concat(count(*), '|', md5(string_agg(id||ec_number||title, ',' ORDER BY id))) AS digest FROM submission";
const APP = 5000;

describe("a recovery from a backup of the older system", { timeout: 240_000 }, () => {
  let host: TestHost;
  let setting: Setting;
  beforeAll(async () => {
    host = await startTestHost();
    cpSync(join(LEGACY, "target"), join(host.folder, "target"), { recursive: true });
    const encryptKey = readFileSync(join(LEGACY, "backup-key.asc"), "utf8");
    const slice = sliceOf({ main: `file://${host.folder}/target` }, { encryptKey, sealSecrets: [encryptKey] });
    const targets = slice.targets.map((target) => ({ ...target, engine: "duplicity" as const }));
    setting = host.setting(host.prepareData(), { ...slice, targets });
  }, 600_000);
  afterAll(() => host.stop());

  it("puts back its documents, as the application's own, and its database, and says that there is no manifest", async () => {
    const events: string[] = [];
    const deps = createDeps(setting, (event) => events.push(event));
    const request = { target: null, at: null, replace: false };
    const recovered = await runRecovery(request, deps, new AbortController().signal);
    expect(recovered).toMatchObject({ comparedWith: "none", tables: 1, rows: 150 });
    execFileSync("sha256sum", ["--check", "--quiet", join(LEGACY, "manifest.sha256")], { cwd: setting.dataDir });
    const digest = readFileSync(join(LEGACY, "db-digest.txt"), "utf8").trim();
    expect(await host.server.query("ecs", DIGEST)).toEqual([{ digest }]);
    const { uid, gid } = statSync(join(setting.dataDir, "ecs-storage-vault/0101/doc1.gpg"));
    expect({ uid, gid }).toEqual({ uid: APP, gid: APP });
    expect(events.some((event) => event.includes("of an older system"))).toBe(true);
  });
});
