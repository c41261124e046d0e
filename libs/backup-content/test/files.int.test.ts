import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readIndex } from "../src/files/index-files.ts";
import { deriveKeys, indexFiles, readLastManifest, readManifest, writeManifest, type Manifest } from "../src/index.ts";
import { newTestFolder, type TestFolder } from "./source.ts";

const keys = deriveKeys("a secret of env.yml");
const sha256 = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");

/** Names of any bytes: what breaks lists that are lines, shells, and text. */
const HOSTILE = [
  "new\nline",
  "tab\there",
  "'quote\"",
  "-rf",
  "  spaces ",
  "%s\\0",
  "ü",
  "z".repeat(255),
  "*",
  "a//b".replace("//", "/"),
];
const INVALID_UTF8 = Buffer.from([0x66, 0xff, 0xfe, 0x09, 0x0a, 0x80]);

describe("the index of files", () => {
  let folder: TestFolder;
  let root: string;
  let dumps: string;
  const vault = (name: string) => join(root, "vault", name);
  const index = (options: Parameters<typeof indexFiles>[4] = {}) =>
    indexFiles(root, ["vault", "etc"], dumps, { run: runCommand, temporary: folder.make("temporary") }, options);
  const records = async (name = "backup-files.gz.new") => {
    const found = new Map<string, string>();
    for await (const batch of readIndex(join(dumps, name))) for (const { path, sum } of batch) found.set(path, sum);
    return found;
  };
  const keep = async (outcome: Awaited<ReturnType<typeof index>>) => {
    const manifest = manifestOf(outcome);
    await writeManifest(dumps, manifest, keys);
    return manifest;
  };

  beforeEach(() => {
    folder = newTestFolder();
    root = folder.make("data");
    dumps = folder.make("data/ecs-pgdump");
    folder.make("data/vault/a");
    folder.make("data/vault/empty folder");
  });
  afterEach(() => folder.remove());

  it("has every file with its sum, whatever bytes its name has, and no FIFO, socket or folder", async () => {
    for (const name of HOSTILE) writeFileSync(vault(name), name);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/vault/`), INVALID_UTF8]), "invalid");
    symlinkSync("../nowhere", vault("link"));
    symlinkSync(".", vault("loop"));
    linkSync(vault("ü"), vault("hard"));
    execFileSync("mkfifo", [vault("fifo")]);
    execFileSync("truncate", ["--size=50M", vault("sparse")]);
    const { folders, absent, others, unreadable } = await index();
    const found = await records();
    for (const name of HOSTILE) expect(found.get(`vault/${Buffer.from(name).toString("latin1")}`)).toBe(sha256(name));
    expect(found.get(`vault/${INVALID_UTF8.toString("latin1")}`)).toBe(sha256("invalid"));
    expect(found.get("vault/link")).toBe(sha256("../nowhere"));
    expect(found.get("vault/sparse")).toBe(sha256(Buffer.alloc(50 * 1024 * 1024)));
    expect(folders[0]).toMatchObject({
      path: "vault",
      files: HOSTILE.length + 3,
      links: 2,
      summed: HOSTILE.length + 3,
    });
    expect(found.size).toBe(HOSTILE.length + 5);
    expect({ absent, others, unreadable }).toEqual({ absent: ["etc"], others: 1, unreadable: [] });
  });

  it("reads again only what changed, and notices a change that keeps size and time", async () => {
    for (const name of ["a/1", "a-b", "a/2", "b", "c"]) writeFileSync(vault(name), `content of ${name}`);
    const first = await index();
    expect(first.summedNow.files).toBe(5);
    const last = await keep(first);
    writeFileSync(vault("new"), "new");
    rmSync(vault("b"));
    const { atime, mtime } = statSync(vault("c"));
    writeFileSync(vault("other"), "Content of c");
    renameSync(vault("other"), vault("c"));
    utimesSync(vault("c"), atime, mtime);
    const second = await index({ last });
    expect(second.summedNow.files).toBe(2);
    const found = await records();
    expect([...found.keys()]).toEqual(["vault/a-b", "vault/a/1", "vault/a/2", "vault/c", "vault/new"]);
    expect(found.get("vault/c")).toBe(sha256("Content of c"));
    expect(found.get("vault/a/1")).toBe(sha256("content of a/1"));
  });

  it("leaves sums to a later run when its time is over", async () => {
    for (const name of ["1", "2", "3"]) writeFileSync(vault(name), name);
    const first = await index({ sumBudgetMs: 0 });
    expect(first.folders[0]).toMatchObject({ files: 3, summed: 0 });
    const second = await index({ last: await keep(first) });
    expect(second.folders[0]).toMatchObject({ files: 3, summed: 3 });
  });

  it("believes no index but the one of its manifest", async () => {
    writeFileSync(vault("1"), "one");
    const last = await keep(await index());
    const path = join(dumps, "backup-files.gz");
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect((await index({ last })).summedNow.files).toBe(1);
  });

  it("is read back with its manifest, and nothing is there before the first backup", async () => {
    expect(await readLastManifest(dumps, keys)).toBeUndefined();
    writeFileSync(vault("1"), "one");
    const manifest = await keep(await index());
    expect(await readManifest(dumps, keys)).toEqual(manifest);
    writeFileSync(join(dumps, "backup-manifest.json"), "{");
    await expect(readLastManifest(dumps, keys)).rejects.toMatchObject({ code: "MANIFEST_DAMAGED" });
    await expect(readManifest(folder.make("elsewhere"), keys)).rejects.toMatchObject({ code: "MANIFEST_MISSING" });
  });

  it("takes 5000 files twice, and the second time reads none of them", { timeout: 120_000 }, async () => {
    for (let n = 0; n < 5000; n++) {
      if (n % 1000 === 0) mkdirSync(vault(`${n / 1000}`));
      writeFileSync(vault(`${Math.floor(n / 1000)}/${n}`), "");
    }
    const last = await keep(await index());
    const { summedNow, folders } = await index({ last });
    expect(summedNow.files).toBe(0);
    expect(folders[0]).toMatchObject({ files: 5000, summed: 5000 });
  });
});

function manifestOf({ index, folders }: Pick<Manifest, "index" | "folders">): Manifest {
  return {
    appliance: "1.0.0",
    at: new Date().toISOString(),
    env: sha256("env"),
    database: { name: "ecs", server: "17.2", collate: "C.UTF-8", ctype: "C.UTF-8", bytes: 1, tables: [] },
    dump: { bytes: 1, sha256: sha256("dump"), plainBytes: 1 },
    index,
    folders,
  };
}
