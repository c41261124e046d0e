import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveInRoot, resolveOnHost, withFolderInRoot, writeFileDurable } from "./index.ts";

const isRoot = process.getuid?.() === 0;

let outside: string;
let root: string;
beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), "files-"));
  root = join(outside, "root");
  mkdirSync(join(root, "data/etc"), { recursive: true });
  mkdirSync(join(root, "app"));
  symlinkSync("/data/etc", join(root, "app/etc"));
  writeFileSync(join(root, "data/etc/server.pem"), "");
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

const at = async (path: string, options = {}) => (await resolveInRoot(root, path, options)).slice(root.length);

describe("resolveInRoot", () => {
  it("starts again at the root where a symlink is absolute, though that path exists outside as well", async () => {
    expect(await at("/app/etc/server.pem")).toBe("/data/etc/server.pem");
    symlinkSync("/etc/passwd", join(root, "app/passwd"));
    expect(await at("/app/passwd", { missing: "allow" })).toBe("/etc/passwd");
    await expect(at("/app/passwd")).rejects.toMatchObject({ code: "PATH_MISSING" });
  });

  it("gives the root itself, however it is written", async () => {
    expect(await resolveInRoot(`${root}/`, "/data/")).toBe(`${root}/data`);
    expect(await resolveInRoot("/", "/proc/../usr/.")).toBe("/usr");
    expect(await resolveOnHost(root, "/app/etc")).toBe("/data/etc");
    expect(await resolveOnHost(root, "/..")).toBe("/");
  });

  it("never leaves the root by .., in the path or in a symlink", async () => {
    expect(await at("/../../app/../../data/etc")).toBe("/data/etc");
    symlinkSync("../../../../../data", join(root, "app/up"));
    expect(await at("/app/up/etc/server.pem")).toBe("/data/etc/server.pem");
  });

  it("goes up from where a symlink led to, as the kernel does", async () => {
    expect(await at("/app/etc/..")).toBe("/data");
  });

  it("gives a path that may be new, through symlinks that exist", async () => {
    expect(await at("/app/etc/hooks/start/new", { missing: "allow" })).toBe("/data/etc/hooks/start/new");
    symlinkSync("/data/not-yet", join(root, "app/dangling"));
    expect(await at("/app/dangling", { missing: "allow" })).toBe("/data/not-yet");
  });

  it("names the part that is missing", async () => {
    await expect(at("/app/etc/hooks/start")).rejects.toMatchObject({
      code: "PATH_MISSING",
      message: "/app/etc/hooks/start does not exist: there is no /data/etc/hooks",
    });
  });

  it.each([
    ["relative", "app/etc", "it is not absolute"],
    ["empty", "", "it is not absolute"],
    ["with a NUL byte", "/app\0/etc", "it holds a NUL byte"],
    ["through a file", "/data/etc/server.pem/x", "/data/etc/server.pem is not a folder"],
    ["up from a file", "/data/etc/server.pem/..", "/data/etc/server.pem is not a folder"],
  ])("refuses a path that is %s", async (_what, path, why) => {
    await expect(at(path, { missing: "allow" })).rejects.toMatchObject({
      code: "PATH_REFUSED",
      message: expect.stringContaining(why),
    });
  });

  it("refuses symlinks that lead in a circle, and a chain longer than the kernel follows", async () => {
    symlinkSync("b", join(root, "a"));
    symlinkSync("a", join(root, "b"));
    await expect(at("/a")).rejects.toMatchObject({ code: "PATH_REFUSED" });
    for (let i = 0; i < 41; i++) symlinkSync(`chain${i + 1}`, join(root, `chain${i}`));
    await expect(at("/chain0", { missing: "allow" })).rejects.toMatchObject({ code: "PATH_REFUSED" });
    expect(await at("/chain1", { missing: "allow" })).toBe("/chain41");
  });

  it("follows only the symlinks that are allowed, wherever they are on the way", async () => {
    symlinkSync("etc", join(root, "data/settings"));
    expect(await at("/app/etc/server.pem", { symlinks: ["/app/etc"] })).toBe("/data/etc/server.pem");
    await expect(at("/data/settings/server.pem", { symlinks: ["/app/etc"] })).rejects.toMatchObject({
      message: "/data/settings/server.pem is not used: /data/settings is a symlink",
    });
    await expect(at("/data/settings", { symlinks: [] })).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it.runIf(isRoot)("finds what the kernel finds in a chroot, in trees of any links", { timeout: 120_000 }, async () => {
    const name = fc.constantFrom("a", "b", "c", "..", ".");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const target = fc.tuple(fc.boolean(), path).map(([absolute, rest]) => (absolute ? `/${rest}` : rest));
    const entry = fc.tuple(fc.constantFrom("a", "b", "c", "a/b", "a/c", "b/a"), fc.option(target));
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 6 }),
        fc.array(path, { minLength: 8, maxLength: 8 }),
        async (entries, paths) => {
          const tree = plant(entries);
          const asked = paths.map((each) => `/${each}`);
          const ours = await Promise.all(asked.map((each) => foundBy(tree, each)));
          expect(ours).toEqual(kernelFinds(tree, asked));
          rmSync(tree, { recursive: true });
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("withFolderInRoot", () => {
  it("works in the folder that was found, though its path is swapped for a symlink meanwhile", async () => {
    mkdirSync(join(root, "home/user/.ssh"), { recursive: true });
    mkdirSync(join(root, "etc"));
    await withFolderInRoot(root, "/home/user/.ssh", { symlinks: [] }, async (folder) => {
      renameSync(join(root, "home/user/.ssh"), join(root, "home/user/moved"));
      symlinkSync(join(root, "etc"), join(root, "home/user/.ssh"));
      await writeFileDurable(join(folder, "authorized_keys"), "key", { mode: 0o600 });
    });
    expect(existsSync(join(root, "etc/authorized_keys"))).toBe(false);
    expect(readFileSync(join(root, "home/user/moved/authorized_keys"), "utf8")).toBe("key");
  });

  it("gives the root itself, and refuses a file", async () => {
    await withFolderInRoot(root, "/", {}, async (folder) => writeFileSync(join(folder, "top"), ""));
    expect(existsSync(join(root, "top"))).toBe(true);
    await expect(withFolderInRoot(root, "/top", {}, async () => undefined)).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
  });

  it("names the folder as the host does when the work fails in it", async () => {
    const write = (folder: string) => writeFileDurable(join(folder, "no/file"), "", { mode: 0o600 });
    await expect(withFolderInRoot(root, "/app/etc", {}, write)).rejects.toMatchObject({
      code: "FILE_NOT_WRITTEN",
      message: "/data/etc/no/file could not be written: ENOENT",
    });
    await expect(withFolderInRoot(root, "/", {}, write)).rejects.toThrow(/^\/no\/file could not be written/);
  });

  it("leaves no file descriptor open", async () => {
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    for (let i = 0; i < 10; i++) await withFolderInRoot(root, "/app/etc", {}, async () => undefined);
    expect(open()).toBe(before);
  });
});

/** A folder with these folders (no target) and symlinks. */
function plant(entries: [string, string | null][]): string {
  const tree = mkdtempSync(join(outside, "tree-"));
  for (const [path, target] of entries) {
    try {
      if (target === null) mkdirSync(join(tree, path));
      else symlinkSync(target, join(tree, path));
    } catch {
      // Its parent is missing or the name is taken: another tree than meant is as good.
    }
  }
  return tree;
}

async function foundBy(tree: string, path: string): Promise<string> {
  try {
    return (await resolveInRoot(tree, path)).slice(tree.length) || "/";
  } catch {
    return "nothing";
  }
}

/** Asks the kernel: each path is entered from inside a chroot and its real name read back. */
function kernelFinds(tree: string, paths: string[]): string[] {
  const ask = 'chroot shift; for (@ARGV) { print chdir($_) ? getcwd() : "nothing", "\n" }';
  const { stdout } = spawnSync("perl", ["-MPOSIX=getcwd", "-e", ask, tree, ...paths], { encoding: "utf8" });
  return stdout.trim().split("\n");
}
