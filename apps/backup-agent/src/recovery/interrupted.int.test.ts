import { spawn } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Recovered } from "@appliance/jobs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runRecovery } from "./recover.ts";
import { backUp, DIGEST, fillData, TABLES } from "./testing/make-backup.ts";
import { createDeps, describeTree, sliceOf, startTestHost, type Setting, type TestHost } from "./testing/test-host.ts";

const ONCE = join(import.meta.dirname, "testing/recover-once.ts");

/** Where a recovery is killed: what it says, or writes to its log, as it comes there. */
const BOUNDARIES = [
  "Restoring the files",
  "recovery goes on filesChecked",
  "Loading the database",
  "recovery goes on databaseChecked",
  "restored folder is in its place ecs-storage-vault",
  "former database made way",
  "restored database has its name",
  "Removing what is not needed",
];

describe("a recovery that is killed", { timeout: 240_000 }, () => {
  let host: TestHost;
  let origin: string;
  let setting: Setting;
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
    await host.server.query("postgres", "DROP DATABASE IF EXISTS ecs", "CREATE DATABASE ecs");
  });
  const leftovers = () => readdirSync(setting.dataDir).filter((name) => name.startsWith("."));

  it("at the boundary of each step goes on, and ends with the same data and no leftovers", async () => {
    for (const killAt of BOUNDARIES) expect(await start(setting, killAt)).toMatchObject({ killAt, signal: "SIGKILL" });
    expect(leftovers()).toHaveLength(1);
    const { code, last } = await start(setting, null);
    expect({ code, last }).toMatchObject({ code: 0, last: { result: { tables: 2, rows: 5000, target: "main" } } });
    expect(describeTree(setting.dataDir)).toEqual(describeTree(origin));
    expect(await host.server.query("ecs", DIGEST)).toEqual(await host.server.query("source", DIGEST));
    expect(await host.server.databases()).toEqual(["ecs", "postgres", "source", "template0", "template1"]);
    expect(await start(setting, null)).toMatchObject({ code: 1, last: { failure: { code: "RECOVERY_NOT_POSSIBLE" } } });
  });

  it("begins anew for another choice, until the first folder is moved", async () => {
    await start(setting, "recovery goes on databaseChecked");
    const [first] = leftovers();
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    await start(setting, "restored folder is in its place", ["--at", soon]);
    expect(leftovers()).toHaveLength(1);
    expect(leftovers()).not.toContain(first);
    expect(await host.server.databases()).toHaveLength(6);
    const other = await start(setting, null, ["--at", new Date().toISOString()]);
    expect(other).toMatchObject({ code: 1, last: { failure: { code: "RECOVERY_UNDER_WAY" } } });
    expect(await start(setting, null)).toMatchObject({ code: 0 });
    expect(describeTree(setting.dataDir)).toEqual(describeTree(origin));
  });

  it("does not go on where somebody has used the places meanwhile", async () => {
    await start(setting, "recovery goes on foldersSwapped");
    writeFileSync(join(setting.dataDir, "ecs-storage-vault", "new document"), "of today");
    await host.server.query("ecs", "CREATE TABLE of_today (a int)");
    const deps = createDeps(setting);
    const going = runRecovery({ target: null, at: null, replace: false }, deps, new AbortController().signal);
    await expect(going).rejects.toThrow(/holds files, such as new document.*has 1 tables/s);
    expect(leftovers()).toHaveLength(1);
  });
});

interface Ended {
  killAt: string | null;
  code: number | null;
  signal: NodeJS.Signals | null;
  last: { result?: Recovered; failure?: { code: string } };
}

/** One recovery in a process of its own. */
async function start(setting: Setting, killAt: string | null, args: string[] = []): Promise<Ended> {
  const child = spawn(process.execPath, [ONCE, JSON.stringify({ setting, args, killAt })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      const line = output.trim().split("\n").at(-1) ?? "{}";
      resolve({ killAt, code, signal, last: JSON.parse(line) as Ended["last"] });
    });
  });
}
