import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "../../tools/lab/index.ts";
import { applianceOn, type ApplianceOn } from "./support/appliance-on.ts";
import { applianceImages } from "./support/images.ts";
import { ledgerOf } from "./support/ledger.ts";
import { type Storage, startStorage } from "./support/storage.ts";

const DOMAIN = "before.test";
const SOON = { timeout: 300_000, interval: 1_000 };
const THIRTY_MINUTES_MS = 1_800_000;
const AGENT = "appliance-backup-agent-1";
const LEASE = "/var/lib/appliance/lease/lease.json";
const LEGACY = "libs/backup-engine/vectors/legacy-backup";

describe("an appliance that is lost", () => {
  const folder = mkdtempSync(join(tmpdir(), "recovery-"));
  let storage: Storage;
  let before: ApplianceOn;
  let after: ApplianceOn;
  let ledger: string;
  let paths: string[];

  beforeAll(async () => {
    const start = async (name: string) => applianceOn(await startHost({ name, images: applianceImages() }), DOMAIN);
    [storage, before, after] = await Promise.all([startStorage("storage"), start("before"), start("after")]);
    const env = makeEnv(folder, storage);
    const first = before.carry(env).then(() => before.bootstrap("--create-database"));
    await Promise.all([first, after.carry(env)]);
  }, THIRTY_MINUTES_MS);
  afterAll(async () => {
    for (const { host } of [before, after, storage].filter((one) => one !== undefined)) await host.remove();
    rmSync(folder, { recursive: true });
  });

  it("saves what its users hand in, to each of its targets", async () => {
    paths = await before.handIn(3);
    expect(await before.command("backup", "run")).toMatchObject({ code: 0 });
    const { stdout } = await before.command("backup", "list", "--json");
    expect(stdout).toContain("main");
    expect(stdout).toContain("second");
  });

  it("goes on saving to the others while one target is away, and says so", async () => {
    paths.push(...(await before.handIn(2)));
    await storage.stop();
    const run = await before.command("backup", "run");
    expect(run.code).not.toBe(0);
    expect(run.stdout + run.stderr).toMatch(/main[^]*BACKUP_TARGET_UNREACHABLE|BACKUP_TARGET_UNREACHABLE[^]*main/);
    expect(run.stdout).toMatch(/second.*saved/i);
    await storage.start();
    expect(await before.command("backup", "run")).toMatchObject({ code: 0 });
  });

  it("saves growth and deletion as systemd is told to, while its targets stay whole", async () => {
    paths.push(...(await before.handIn(1)));
    await before.host.exec(["systemctl", "start", "appliance-backup"], { timeoutMs: THIRTY_MINUTES_MS });
    expect(await before.command("backup", "verify")).toMatchObject({ code: 0 });
  });

  it("starts its agent again that was killed in the middle of a backup, and backs up as before", async () => {
    const cutOff = before.command("backup", "run");
    const state = async (what: string) =>
      (await before.host.exec(["docker", "inspect", `--format={{.State.${what}}}`, AGENT])).stdout.trim();
    await expect
      .poll(async () => (await before.host.exec(["cat", LEASE], { allowFailure: true })).stdout, SOON)
      .toContain("backup");
    await before.host.exec(["docker", "kill", AGENT]);
    await expect.poll(() => state("Status"), SOON).toBe("running");
    await cutOff;
    expect(await before.command("backup", "run")).toMatchObject({ code: 0 });
  });

  it("proves by a drill that what is stored can be restored, and leaves a report", async () => {
    expect(await before.command("backup", "drill")).toMatchObject({ code: 0 });
    const { stdout } = await before.host.exec(["sh", "-c", "ls /data/etc/backup/reports"]);
    expect(stdout.trim().split("\n").length).toBeGreaterThanOrEqual(2);
  });

  it("shows by `backup prove` that the env.yml of the safe opens the backup", async () => {
    expect(await before.command("backup", "prove", "/root/env.yml")).toMatchObject({ code: 0 });
  });

  it("is back on a bare host, with env.yml and one command, and serves the same data", async () => {
    ledger = await ledgerOf(before.host);
    await before.host.remove();
    await after.bootstrap();
    expect(await after.page()).not.toBe(200);
    const recovered = await after.command("recover", "--yes-i-am-sure");
    expect(recovered).toMatchObject({ code: 0 });
    await expect.poll(() => after.page(), SOON).toBe(200);
    expect(await ledgerOf(after.host)).toBe(ledger);
    const browser = await after.visit();
    for (const path of paths) expect((await browser.get(path)).status).toBe(200);
  });

  it("saves from there by itself, and recovers no second time over living data", async () => {
    const saved = async () => (await after.command("backup", "status", "--json")).stdout;
    await expect.poll(saved, SOON).toMatch(/"outcome": ?"saved"/);
    ledger = await ledgerOf(after.host);
    expect((await after.command("recover", "--yes-i-am-sure")).code).not.toBe(0);
    expect(await ledgerOf(after.host)).toBe(ledger);
  });
});

describe("an appliance of the old system that is lost", () => {
  const folder = mkdtempSync(join(tmpdir(), "recovery-legacy-"));
  let host: Host;
  let appliance: ApplianceOn;
  beforeAll(async () => {
    host = await startHost({ name: "legacy", images: applianceImages() });
    appliance = applianceOn(host, "legacy.test");
    await appliance.carry(makeLegacyEnv(folder));
    await host.exec(["mkdir", "-p", "/mnt/old"]);
    const tar = execFileSync("tar", ["-C", LEGACY, "-c", "target", "manifest.sha256"]).toString("base64");
    await host.exec(["sh", "-c", "base64 -d | tar -x -C /mnt/old"], { input: tar });
  });
  afterAll(async () => {
    await host?.remove();
    rmSync(folder, { recursive: true });
  });

  it("has its documents and its database back from the chain that duply wrote", async () => {
    await appliance.bootstrap();
    const recovered = await appliance.command("recover", "--yes-i-am-sure", "--only-restore");
    expect(recovered).toMatchObject({ code: 0 });
    const documents = "cd /data && grep -v ' ecs-pgdump/' /mnt/old/manifest.sha256 | sha256sum --check --quiet";
    await host.exec(["sh", "-c", documents]);
    const psql = "psql --host=/run/postgresql --username=postgres --no-psqlrc --tuples-only --no-align ecs";
    const digest = "select count(*), md5(string_agg(id||ec_number||title,',' order by id)) from submission";
    const { stdout } = await host.exec(["sh", "-c", `docker exec -i appliance-database-1 ${psql}`], { input: digest });
    expect(stdout.trim()).toBe(readFileSync(join(LEGACY, "db-digest.txt"), "utf8").trim());
  });
});

function makeEnv(folder: string, { url, knownHosts }: Storage): string {
  const [env, extra] = [join(folder, "env.yml"), join(folder, "extra.yml")];
  const backup = {
    url: url("backups"),
    known_hosts: knownHosts,
    targets: [{ name: "second", url: "file:///volatile/second" }],
  };
  const settings = {
    appliance: { ssl: { letsencrypt: { enabled: false } }, backup },
    ecs: { userswitcher: { enabled: true } },
  };
  writeFileSync(extra, JSON.stringify(settings));
  execFileSync("tools/appliance", ["env", "create", DOMAIN, env, "--sample", "--extra", extra], { stdio: "pipe" });
  return readFileSync(env, "utf8");
}

/** As the old system had it: a URL for duplicity and a key of gpg, and none of what later versions added. */
function makeLegacyEnv(folder: string): string {
  const [env, extra] = [join(folder, "env.yml"), join(folder, "extra.yml")];
  const key = readFileSync(join(LEGACY, "backup-key.asc"), "utf8");
  const backup = { url: "file:///mnt/old/target", encrypt: key };
  const settings = { appliance: { ssl: { letsencrypt: { enabled: false } }, backup } };
  writeFileSync(extra, JSON.stringify(settings));
  execFileSync("tools/appliance", ["env", "create", "legacy.test", env, "--sample", "--extra", extra], {
    stdio: "pipe",
  });
  return readFileSync(env, "utf8").replace(/^ {4}(?:engine: restic|password: .*)\n/gm, "");
}
