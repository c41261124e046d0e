import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensureDirectory, switchSymlink } from "./index.ts";

const isRoot = process.getuid?.() === 0;
const modeOf = (path: string) => lstatSync(path).mode & 0o7777;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("switchSymlink", () => {
  it("says whether it had to change the link", async () => {
    const link = join(folder, "link");
    expect(await switchSymlink(link, "one")).toBe(true);
    expect(await switchSymlink(link, "one")).toBe(false);
    expect(await switchSymlink(link, "two")).toBe(true);
  });

  it("does not replace a folder", async () => {
    mkdirSync(join(folder, "link"));
    await expect(switchSymlink(join(folder, "link"), "one")).rejects.toMatchObject({ code: "FILE_NOT_WRITTEN" });
    expect(readdirSync(folder)).toEqual(["link"]);
  });
});

describe("ensureDirectory", () => {
  it("makes it with missing parents, then has nothing to do", async () => {
    const path = join(folder, "a/b/c");
    expect(await ensureDirectory(path, { mode: 0o2770 })).toBe(true);
    expect([modeOf(path), modeOf(join(folder, "a"))]).toEqual([0o2770, 0o755]);
    expect(await ensureDirectory(path, { mode: 0o2770 })).toBe(false);
  });

  it.runIf(isRoot)("corrects mode and owner of what is there", async () => {
    const path = join(folder, "a");
    await ensureDirectory(path, { mode: 0o755 });
    expect(await ensureDirectory(path, { mode: 0o700, uid: 5000, gid: 5000 })).toBe(true);
    expect(statSync(path)).toMatchObject({ uid: 5000, gid: 5000 });
    expect(modeOf(path)).toBe(0o700);
  });

  it("refuses a symlink to a folder and a file", async () => {
    mkdirSync(join(folder, "real"), { mode: 0o755 });
    symlinkSync("real", join(folder, "link"));
    writeFileSync(join(folder, "file"), "");
    for (const name of ["link", "file", "file/below"])
      await expect(ensureDirectory(join(folder, name), { mode: 0o777 })).rejects.toMatchObject({
        code: "FILE_NOT_WRITTEN",
      });
    expect(modeOf(join(folder, "real"))).toBe(0o755);
  });
});
