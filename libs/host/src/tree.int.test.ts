import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRootFolderHost, type Host } from "./index.ts";

let root: string;
let files: Host["files"];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tree-"));
  for (const folder of ["etc/app", "srv/site", "outside"]) mkdirSync(join(root, folder), { recursive: true });
  files = createRootFolderHost({ root }).files;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const { uid, gid } = statSync("/proc/self");

describe("folders", () => {
  it("are made once, with their mode", async () => {
    expect(await files.makeFolder("/srv/new/deep", { mode: 0o2750, uid, gid })).toBe(true);
    expect(await files.makeFolder("/srv/new/deep", { mode: 0o2750, uid, gid })).toBe(false);
    expect(await files.look("/srv/new/deep")).toEqual({ type: "folder", mode: 0o2750, uid, gid });
    expect(statSync(join(root, "srv/new")).mode & 0o777).toBe(0o755);
  });

  it("are not made of what stands there", async () => {
    writeFileSync(join(root, "srv/file"), "precious");
    symlinkSync("/outside", join(root, "srv/link"));
    for (const path of ["/srv/file", "/srv/link", "/srv/link/x", "/proc/x"])
      await expect(files.makeFolder(path, { mode: 0o755, uid, gid })).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });
});

describe("symlinks", () => {
  it("are made and turned, and never put in place of a file", async () => {
    expect(await files.link("/etc/app/current", "v1")).toBe(true);
    expect(await files.link("/etc/app/current", "v1")).toBe(false);
    expect(await files.link("/etc/app/current", "v2; $(id)")).toBe(true);
    expect(readlinkSync(join(root, "etc/app/current"))).toBe("v2; $(id)");
    writeFileSync(join(root, "etc/app/file"), "precious");
    await expect(files.link("/etc/app/file", "v1")).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });
});

describe("removing", () => {
  it("takes a file, a link but not its target, and a folder with its content", async () => {
    writeFileSync(join(root, "srv/site/file"), "x");
    symlinkSync("/outside", join(root, "srv/site/link"));
    writeFileSync(join(root, "outside/kept"), "x");
    expect(await files.remove("/srv/site/link")).toBe(true);
    symlinkSync("/outside", join(root, "srv/site/link"));
    expect([await files.remove("/srv/site"), await files.remove("/srv/site")]).toEqual([true, false]);
    expect([existsSync(join(root, "srv/site")), existsSync(join(root, "outside/kept"))]).toEqual([false, true]);
  });

  // oxfmt-ignore
  it.each([
    "/", "/etc", "/data", "/app", "/srv", "/home", "relative", "/srv/../etc/app", "/srv/site/", "/proc/x",
    "/data/ecs-storage-vault", "/data/ecs-storage-vault/doc", "/data/postgresql/17", "/app/ecs-storage-vault/doc",
    "/var/lib", "/var/lib/docker", "/var/lib/appliance/secrets", "/usr/bin/env", "/app/env.yml", "/run/docker.sock",
  ])("is refused for %s", async (path) => {
    await expect(files.remove(path)).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it.runIf(process.getuid?.() === 0)("never empties what is mounted there", async () => {
    mkdirSync(join(root, "srv/site/mounted"));
    const mounted = join(root, "srv/site/mounted");
    expect(spawnSync("mount", ["-t", "tmpfs", "none", mounted]).status).toBe(0);
    try {
      writeFileSync(join(mounted, "precious"), "x");
      for (const path of ["/srv/site", "/srv/site/mounted"])
        await expect(files.remove(path)).rejects.toMatchObject({ code: "PATH_REFUSED" });
      expect(existsSync(join(mounted, "precious"))).toBe(true);
    } finally {
      spawnSync("umount", [mounted]);
    }
  });
});

describe("a file of the operator", () => {
  const write = (path: string, more: { mode?: number; content?: string } = {}) =>
    files.write({ path, content: "text", mode: 0o600, owner: `${uid}:${gid}`, ...more });

  it("keeps its content to the byte, its name and its mode, whatever a shell would make of them", async () => {
    for (const name of [
      "$(touch canary)",
      "`id`",
      "-rf",
      "a b",
      "ümlaut 🔑",
      ".env",
      "Case",
      "case",
      "x".repeat(255),
    ]) {
      await write(`/etc/app/${name}`, { content: "{{7*7}} ${IFS} $(id)\r\n%0a", mode: 0o4755 });
      const path = join(root, "etc/app", name);
      expect([readFileSync(path, "utf8"), lstatSync(path).mode & 0o7777]).toEqual([
        "{{7*7}} ${IFS} $(id)\r\n%0a",
        0o4755,
      ]);
    }
    expect(existsSync("canary")).toBe(false);
  });

  it("is refused with a name that no file system has", async () => {
    await expect(write(`/etc/app/${"x".repeat(300)}`)).rejects.toThrow("ENAMETOOLONG");
    expect(existsSync(join(root, "etc/app"))).toBe(true);
  });

  it("never lands outside, though a folder on the way becomes a symlink between look and write", async () => {
    const [folder, aside] = [join(root, "etc/app"), join(root, "etc/aside")];
    const stop = new AbortController();
    const swap = async () => {
      while (!stop.signal.aborted) {
        renameSync(folder, aside);
        try {
          symlinkSync("/outside", folder);
        } catch {
          // The writer was quicker and made the folder that was missing for a moment.
        }
        await new Promise(setImmediate);
        rmSync(folder, { recursive: true, force: true });
        renameSync(aside, folder);
        await new Promise(setImmediate);
      }
    };
    const swapper = swap();
    for (let i = 0; i < 300; i += 1) await write(`/etc/app/file${i}`).catch(() => "refused");
    stop.abort();
    await swapper;
    expect(spawnSync("ls", ["-A", join(root, "outside")], { encoding: "utf8" }).stdout).toBe("");
  });
});
