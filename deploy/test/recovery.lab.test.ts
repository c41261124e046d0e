import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { takeOn, upload } from "../../compose/test/support/visitor.ts";
import { Browser } from "../../compose/sample/test/browser.ts";
import { type Host, startHost } from "../../tools/lab/index.ts";
import { applianceImages } from "./support/images.ts";
import { ledgerOf } from "./support/ledger.ts";
import { type Storage, startStorage } from "./support/storage.ts";

const CHECKOUT = "/root/checkout";
const DOMAIN = "before.test";
const SOON = { timeout: 300_000, interval: 1_000 };
const THIRTY_MINUTES_MS = 1_800_000;
const AGENT = "appliance-backup-agent-1";
const LEASE = "/var/lib/appliance/lease/lease.json";
const LEGACY = "libs/backup-engine/vectors/legacy-backup";

describe("an appliance that is lost", () => {
  const folder = mkdtempSync(join(tmpdir(), "recovery-"));
  let storage: Storage;
  let before: Host | undefined;
  let after: Host;
  let env: string;
  let ledger: string;
  let paths: string[];

  beforeAll(async () => {
    [storage, before, after] = await Promise.all([
      startStorage("storage"),
      startHost({ name: "before", images: applianceImages() }),
      startHost({ name: "after", images: applianceImages() }),
    ]);
    env = makeEnv(folder, storage);
    const first = prepare(before, env).then(() => bootstrap(before!, "--create-database"));
    await Promise.all([first, prepare(after, env)]);
  }, THIRTY_MINUTES_MS);
  afterAll(async () => {
    await before?.remove();
    await after?.remove();
    await storage?.host.remove();
    rmSync(folder, { recursive: true });
  });

  it("saves what its users hand in, to each of its targets", async () => {
    paths = await handIn(before!, 3);
    expect(await command(before!, "backup", "run")).toMatchObject({ code: 0 });
    const { stdout } = await command(before!, "backup", "list", "--json");
    expect(stdout).toContain("main");
    expect(stdout).toContain("second");
  });

  it("goes on saving to the others while one target is away, and says so", async () => {
    paths.push(...(await handIn(before!, 2)));
    await storage.stop();
    const run = await command(before!, "backup", "run");
    expect(run.code).not.toBe(0);
    expect(run.stdout + run.stderr).toMatch(/main[^]*BACKUP_TARGET_UNREACHABLE|BACKUP_TARGET_UNREACHABLE[^]*main/);
    expect(run.stdout).toMatch(/second.*saved/i);
    await storage.start();
    expect(await command(before!, "backup", "run")).toMatchObject({ code: 0 });
  });

  it("saves growth and deletion as systemd is told to, while its targets stay whole", async () => {
    paths.push(...(await handIn(before!, 1)));
    await before!.exec(["systemctl", "start", "appliance-backup"], { timeoutMs: THIRTY_MINUTES_MS });
    expect(await command(before!, "backup", "verify")).toMatchObject({ code: 0 });
  });

  it("starts its agent again that was killed in the middle of a backup, and backs up as before", async () => {
    const cutOff = command(before!, "backup", "run");
    const state = async (what: string) =>
      (await before!.exec(["docker", "inspect", `--format={{.State.${what}}}`, AGENT])).stdout.trim();
    await expect
      .poll(async () => (await before!.exec(["cat", LEASE], { allowFailure: true })).stdout, SOON)
      .toContain("backup");
    await before!.exec(["docker", "kill", AGENT]);
    await expect.poll(() => state("Status"), SOON).toBe("running");
    await cutOff;
    expect(await command(before!, "backup", "run")).toMatchObject({ code: 0 });
  });

  it("proves by a drill that what is stored can be restored, and leaves a report", async () => {
    expect(await command(before!, "backup", "drill")).toMatchObject({ code: 0 });
    const { stdout } = await before!.exec(["sh", "-c", "ls /data/etc/backup/reports"]);
    expect(stdout.trim().split("\n").length).toBeGreaterThanOrEqual(2);
  });

  it("shows by `backup prove` that the env.yml of the safe opens the backup", async () => {
    expect(await command(before!, "backup", "prove", "/root/env.yml")).toMatchObject({ code: 0 });
  });

  it("is back on a bare host, with env.yml and one command, and serves the same data", async () => {
    ledger = await ledgerOf(before!);
    await before!.remove();
    before = undefined;
    await bootstrap(after);
    expect(await page(after)).not.toBe(200);
    const recovered = await command(after, "recover", "--yes-i-am-sure");
    expect(recovered).toMatchObject({ code: 0 });
    await expect.poll(() => page(after), SOON).toBe(200);
    expect(await ledgerOf(after)).toBe(ledger);
    const browser = await visit(after);
    for (const path of paths) expect((await browser.get(path)).status).toBe(200);
  });

  it("saves from there by itself, and recovers no second time over living data", async () => {
    const saved = async () => (await command(after, "backup", "status", "--json")).stdout;
    await expect.poll(saved, SOON).toMatch(/"outcome": ?"saved"/);
    ledger = await ledgerOf(after);
    expect((await command(after, "recover", "--yes-i-am-sure")).code).not.toBe(0);
    expect(await ledgerOf(after)).toBe(ledger);
  });
});

describe("an appliance of the old system that is lost", () => {
  const folder = mkdtempSync(join(tmpdir(), "recovery-legacy-"));
  let host: Host;
  beforeAll(async () => {
    host = await startHost({ name: "legacy", images: applianceImages() });
    await prepare(host, makeLegacyEnv(folder));
    await host.exec(["mkdir", "-p", "/mnt/old"]);
    const tar = execFileSync("tar", ["-C", LEGACY, "-c", "target", "manifest.sha256"]).toString("base64");
    await host.exec(["sh", "-c", "base64 -d | tar -x -C /mnt/old"], { input: tar });
  });
  afterAll(async () => {
    await host?.remove();
    rmSync(folder, { recursive: true });
  });

  it("has its documents and its database back from the chain that duply wrote", async () => {
    await bootstrap(host);
    const recovered = await command(host, "recover", "--yes-i-am-sure", "--only-restore");
    expect(recovered).toMatchObject({ code: 0 });
    const documents = "cd /data && grep -v ' ecs-pgdump/' /mnt/old/manifest.sha256 | sha256sum --check --quiet";
    await host.exec(["sh", "-c", documents]);
    const psql = "psql --host=/run/postgresql --username=postgres --no-psqlrc --tuples-only --no-align ecs";
    const digest = "select count(*), md5(string_agg(id||ec_number||title,',' order by id)) from submission";
    const { stdout } = await host.exec(["sh", "-c", `docker exec -i appliance-database-1 ${psql}`], { input: digest });
    expect(stdout.trim()).toBe(readFileSync(join(LEGACY, "db-digest.txt"), "utf8").trim());
  });
});

const command = (host: Host, ...args: string[]) =>
  host.exec(["appliance", ...args], { allowFailure: true, timeoutMs: THIRTY_MINUTES_MS });

const bootstrap = (host: Host, ...args: string[]) =>
  host.exec([`${CHECKOUT}/deploy/bootstrap.sh`, "--yes", "--env", "/root/env.yml", ...args], {
    timeoutMs: THIRTY_MINUTES_MS,
    allowFailure: true,
  });

/** The checkout and env.yml, as an operator carries them to a fresh host. */
async function prepare(host: Host, env: string): Promise<void> {
  await host.copyIn(process.cwd(), CHECKOUT);
  await host.exec(["sh", "-c", "umask 077; cat > /root/env.yml"], { input: env });
}

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

/** The status code of the application's page by its old name, wherever it is served now; 0 without an answer. */
async function page(host: Host): Promise<number> {
  return (
    (
      await browserAt(host)
        .get("/health/")
        .catch(() => undefined)
    )?.status ?? 0
  );
}

function browserAt(host: Host): Browser {
  const address = new URL(host.publishedUrl).hostname;
  const route = { protocol: "https:", host: address, port: 443, servername: DOMAIN, rejectUnauthorized: false };
  return new Browser(address, DOMAIN, {}, route);
}

const visit = (host: Host) => takeOn(browserAt(host));

/** Submissions with a document each. @returns the paths under which the documents are read back */
async function handIn(host: Host, count: number): Promise<string[]> {
  await expect.poll(() => page(host), SOON).toBe(200);
  const browser = await visit(host);
  const paths: string[] = [];
  for (let left = count; left > 0; left--) paths.push(await upload(browser, randomBytes(200_000)));
  return paths;
}
