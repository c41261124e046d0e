import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { moveFile, moveFolder, requireEmptyFolder, requireFreePath } from "./restored-files.ts";

/** Another file system than that of /tmp, as /root and /volatile may be. */
const ELSEWHERE = "/dev/shm";

let folder: string;
let elsewhere: string;
let restored: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "restored-"));
  elsewhere = mkdtempSync(join(ELSEWHERE, "restored-"));
  restored = join(folder, "volatile/backup/restored/one");
  mkdirSync(join(restored, "etc/hooks"), { recursive: true });
  writeFileSync(join(restored, "etc/hooks/a\nb"), "hook", { mode: 0o751 });
  chmodSync(join(restored, "etc/hooks/a\nb"), 0o751);
  symlinkSync("../absent", join(restored, "etc/link"));
});
afterEach(() => {
  for (const path of [folder, elsewhere]) rmSync(path, { recursive: true });
});

describe("what was restored", () => {
  it.each([
    ["the same", () => folder],
    ["another", () => elsewhere],
  ])("is moved into a new folder on %s disk, with rights and links", async (_which, disk) => {
    const to = join(disk(), "new/deep");
    await moveFolder(restored, to);
    expect(readFileSync(join(to, "etc/hooks/a\nb"), "utf8")).toBe("hook");
    expect(statSync(join(to, "etc/hooks/a\nb")).mode & 0o777).toBe(0o751);
    expect(existsSync(restored)).toBe(false);
    expect(statSync(to).mode & 0o777).toBe(0o700);
  });

  it("is moved into no folder that holds something, and stays", async () => {
    await expect(moveFolder(restored, folder)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(existsSync(join(restored, "etc/link"))).toBe(false); // it leads nowhere
    expect(readFileSync(join(restored, "etc/hooks/a\nb"), "utf8")).toBe("hook");
  });

  it.each([
    ["the same", () => folder],
    ["another", () => elsewhere],
  ])("becomes a file of the caller alone on %s disk", async (_which, disk) => {
    const to = join(disk(), "ecs.pgdump.gz");
    await moveFile(restored, "etc/hooks/a\nb", to);
    expect(readFileSync(to, "utf8")).toBe("hook");
    expect(statSync(to).mode & 0o777).toBe(0o600);
    expect(existsSync(restored)).toBe(false);
  });

  it.each([
    ["the same", () => folder],
    ["another", () => elsewhere],
  ])("overwrites no file on %s disk, and stays", async (_which, disk) => {
    const to = join(disk(), "ecs.pgdump.gz");
    writeFileSync(to, "of somebody");
    await expect(moveFile(restored, "etc/hooks/a\nb", to)).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(readFileSync(to, "utf8")).toBe("of somebody");
    expect(existsSync(join(restored, "etc/hooks/a\nb"))).toBe(true);
  });
});

it("finds out before anything is restored where there is no place for it", async () => {
  writeFileSync(join(folder, "file"), "");
  const codes = [
    requireEmptyFolder(folder),
    requireEmptyFolder(join(folder, "file")),
    requireFreePath(join(folder, "file")),
    requireFreePath(join(folder, "none/file")),
  ].map((promise) => promise.catch((err: { code: string }) => err.code));
  expect(await Promise.all(codes)).toEqual(["FILE_EXISTS", "USAGE", "FILE_EXISTS", "USAGE"]);
  await requireEmptyFolder(join(folder, "new"));
  await requireFreePath(join(folder, "new"));
});
