/** Reading backups as the command asks for it, and proving an env.yml, with the agent and the image as they are on a host. */
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runCommand } from "@appliance/command";
import { BackupRestore, BackupUnlock, type DataInput } from "@appliance/jobs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BACKUP_KEY, RESTIC_PASSWORD, startSurroundings, type Surroundings } from "../../test/support/running-agent.ts";
import { contentOf, IMAGE } from "../../test/support/source.ts";
import type { Proof } from "../escrow/prove.ts";
import { sliceOf } from "../escrow/slice-of-env.ts";
import type { BackupStatus } from "./status.ts";

const REPOSITORY = resolve(import.meta.dirname, "../../../..");
const LEGACY = join(REPOSITORY, "libs/backup-engine/vectors/legacy-backup/target");
const indented = (text: string) => text.trim().replaceAll("\n", "\n      ");

/** The first target is away; the others are one of each engine. */
const ENV = `#cloud-config
appliance:
  domain: ecs.example.org
  backup:
    engine: restic
    url: file:///mnt/absent/folder
    password: ${RESTIC_PASSWORD}
    encrypt: |
      ${indented(BACKUP_KEY)}
    targets:
      - name: copy
        url: file:///mnt/disk/restic
      - name: old-kind
        engine: duplicity
        url: file:///mnt/disk/duplicity
ecs:
  git:
    source: builtin:sample
`;

let around: Surroundings;
let nextYear: string;
beforeAll(async () => {
  around = await startSurroundings([]);
  for (const name of ["restic", "duplicity", "legacy"]) mkdirSync(at("mnt/disk", name), { recursive: true });
  cpSync(LEGACY, at("mnt/disk/legacy"), { recursive: true });
  nextYear = `${new Date().getFullYear() + 1}-01-01`;
  const schedule = { backup: nextYear, verify: nextYear, drill: nextYear };
  writeFileSync(at("slice/env.json"), JSON.stringify({ ...sliceOf(Buffer.from(ENV)), schedule }));
  chmodSync(at("slice/env.json"), 0o644);
  await around.backUp();
}, 900_000);
afterAll(() => around.remove());

const at = (...parts: string[]) => join(around.folder, ...parts);
const get = async (path: string): Promise<{ status: number; body: unknown }> => {
  const response = await around.http(path);
  return { status: response.status, body: await response.json() };
};
const restore = (data: Partial<DataInput<typeof BackupRestore>>) =>
  around.producer.request(BackupRestore, { requestedBy: "test", paths: ["etc"], ...data });

describe("what can be read", { timeout: 120_000 }, () => {
  it("is known without asking a target, and holds no secret", async () => {
    const answer = await get("/backup/status");
    const { targets, next } = answer.body as BackupStatus;
    expect(targets.map(({ name, engine, url, lastRun }) => [name, engine, url, lastRun?.outcome])).toEqual([
      ["main", "restic", "file:///mnt/absent/folder", "failed"],
      ["copy", "restic", "file:///mnt/disk/restic", "saved"],
      ["old-kind", "duplicity", "file:///mnt/disk/duplicity", "saved"],
    ]);
    // Everything was new to the first run, and is not to the next.
    for (const { lastRun, forecast } of targets.slice(1)) {
      expect(forecast?.needBytes).toBeLessThan(lastRun!.source.bytes);
      expect(forecast!.at > lastRun!.startedAt).toBe(true);
    }
    expect(next.backup).toBe(`${nextYear}T00:00:00.000Z`);
    expect(JSON.stringify(answer.body)).not.toContain(RESTIC_PASSWORD);
  });

  it("are the backups of each target that answers, and the reason of one that does not", async () => {
    for (const [target, kind] of [
      ["copy", "snapshot"],
      ["old-kind", "full"],
    ])
      expect(await get(`/backup/points?target=${target}`)).toMatchObject({ status: 200, body: { points: [{ kind }] } });
    expect(await get("/backup/points?target=main")).toMatchObject({
      status: 409,
      body: { code: "BACKUP_TARGET_UNREACHABLE" },
    });
    expect(await get("/backup/points?target=none")).toMatchObject({ body: { code: "BACKUP_TARGET_UNKNOWN" } });
  });

  it.each([["copy"], ["old-kind"]])("are the files of a backup at %s, below a path", async (target) => {
    const response = await around.http(`/backup/files?target=${target}&below=ecs-ca`);
    const lines = (await response.text()).trim().split("\n");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ target, point: { at: expect.any(String) } });
    const files = lines.slice(1).map((line) => JSON.parse(line) as { path: string; type: string });
    expect(files.map(({ path, type }) => [path, type])).toEqual([
      ["ecs-ca", "folder"],
      ["ecs-ca/ca.cert.pem", "file"],
    ]);
  });
});

describe("a restore", { timeout: 120_000 }, () => {
  it("takes the first target that answers", async () => {
    const restored = await restore({ paths: ["/data/etc/tags"] });
    expect(restored).toMatchObject({ target: "copy", point: { kind: "snapshot" } });
    expect(readFileSync(at(restored.folder, "etc/tags"), "utf8")).toBe("tags\n");
  });

  it("gives back the same documents from each engine", async () => {
    const vault = contentOf(at("data/ecs-storage-vault"));
    for (const target of ["copy", "old-kind"]) {
      const { folder } = await restore({ target, paths: ["ecs-storage-vault"] });
      expect(contentOf(at(folder, "ecs-storage-vault"))).toEqual(vault);
    }
  });

  it.each([
    ["a time before the first backup", { target: "copy", at: "2020-01-01T00:00:00Z" }, "BACKUP_NOT_FOUND"],
    ["a path that no backup holds", { paths: ["etc/absent"] }, "BACKUP_PATH_NOT_FOUND"],
    ["a path that leads elsewhere", { paths: ["etc/../../root"] }, "BACKUP_PATH_INVALID"],
  ])("of %s is refused", async (_what, data, code) => {
    await expect(restore(data)).rejects.toMatchObject({ code });
  });

  it("removes what nobody moved away for a day", async () => {
    const folder = (name: string) => at("volatile/backup/restored", name);
    for (const name of ["old", "young"]) mkdirSync(folder(name));
    const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
    utimesSync(folder("old"), yesterday, yesterday);
    await restore({ paths: ["etc/tags"] });
    expect([existsSync(folder("old")), existsSync(folder("young"))]).toEqual([false, true]);
  });
});

it("breaks locks at each target that answers", { timeout: 120_000 }, async () => {
  const { targets } = await around.producer.request(BackupUnlock, { requestedBy: "test" });
  expect(targets.map(({ target, failure }) => [target, failure?.code])).toEqual([
    ["main", "BACKUP_TARGET_UNREACHABLE"],
    ["copy", undefined],
    ["old-kind", undefined],
  ]);
});

describe("an env.yml", { timeout: 120_000 }, () => {
  it("opens the backups that were made with it, and says so", async () => {
    const { exitCode, answer } = await prove(ENV);
    expect(exitCode).toBe(0);
    expect((answer as Proof).targets).toMatchObject([
      { target: "main", opens: false, failure: { code: "BACKUP_TARGET_UNREACHABLE" } },
      { target: "copy", opens: true, env: "same", failure: null, point: { kind: "snapshot" } },
      { target: "old-kind", opens: true, env: "same", failure: null },
    ]);
  });

  it("is another one after a change", async () => {
    const { targets } = (await prove(ENV.replace("ecs.example.org", "www.example.org"))).answer as Proof;
    expect(targets.map(({ opens, env }) => [opens, env])).toEqual([
      [false, "unknown"],
      [true, "different"],
      [true, "different"],
    ]);
  });

  it("with another password opens nothing", async () => {
    const { targets } = (await prove(ENV.replace(RESTIC_PASSWORD, "another-password-of-a-test"))).answer as Proof;
    expect(targets.map(({ opens, failure }) => [opens, failure?.code])).toEqual([
      [false, "BACKUP_TARGET_UNREACHABLE"],
      [false, "BACKUP_KEY_WRONG"],
      [true, "MANIFEST_SEAL_WRONG"], // its key opens it, but the seal is of the password
    ]);
  });

  it("of the older system opens what that made, which does not say with which env.yml", async () => {
    const old = ENV.replace(/ {4}targets:[^]*(?=ecs:)/, "")
      .replace("    engine: restic\n", "")
      .replace(/ {4}password: .*\n/, "")
      .replace("/mnt/absent/folder", "/mnt/disk/legacy");
    expect(((await prove(old)).answer as Proof).targets).toMatchObject([
      { opens: true, env: "unknown", failure: null },
    ]);
  });

  it("that is none is refused with its lines", async () => {
    const { exitCode, answer } = await prove("#cloud-config\nappliance:\n  domain: 7\n");
    expect([exitCode, answer]).toEqual([1, { failure: expect.objectContaining({ code: "ENV_INVALID" }) }]);
  });

  it("counts as safe once it was proven, until it changes", async () => {
    const { envFingerprint: fingerprint } = sliceOf(Buffer.from(ENV));
    const escrow = async () => ((await get("/backup/status")).body as BackupStatus).escrow;
    expect(await escrow()).toMatchObject({ provenAt: null, packagedAt: null });
    const noted = await around.http("/backup/escrow", { fingerprint, what: "proven" });
    expect(await noted.json()).toEqual({ inUse: true });
    expect(await escrow()).toMatchObject({ provenAt: expect.any(String), packagedAt: null });
    const other = await around.http("/backup/escrow", { fingerprint: "0".repeat(64), what: "packaged" });
    expect(await other.json()).toEqual({ inUse: false });
    expect(await escrow()).toMatchObject({ packagedAt: null });
  });
});

/** As `docker run … prove < env.yml` on a laptop, where targets on disks are seen but not written to. */
async function prove(env: string): Promise<{ exitCode: number; answer: unknown }> {
  const program = [
    `${process.execPath}:/usr/local/bin/node:ro`,
    `${REPOSITORY}/dist/backup-agent.mjs:/opt/appliance/agent.mjs:ro`,
    `${at("mnt")}:/mnt:ro`,
  ].flatMap((mount) => ["--volume", mount]);
  const image = ["--entrypoint", "/usr/local/bin/entrypoint", IMAGE, "prove"];
  const args = ["run", "--rm", "--interactive", "--init", "--read-only", "--tmpfs", "/tmp", ...program, ...image];
  const { exitCode, stdout } = await runCommand("docker", args, {
    input: env,
    okExitCodes: [0, 1],
    timeoutMs: 110_000,
  });
  return { exitCode, answer: JSON.parse(stdout) };
}
