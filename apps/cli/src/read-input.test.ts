import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readInput } from "./read-input.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "input-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("reads a file to its last byte, whatever its length", () => {
  for (const length of [0, 1, 65_536, 200_001]) {
    const content = Buffer.alloc(length, "ü");
    writeFileSync(join(folder, "file"), content);
    expect(readInput(join(folder, "file")).equals(content)).toBe(true);
  }
});

it.each([
  ["a file of 5 GB", "big", "has more than 16 MiB"],
  ["a device that never ends", "/dev/zero", "has more than 16 MiB"],
  ["a folder", "", "cannot be read \\(EISDIR\\)"],
  ["nothing", "none", "cannot be read \\(ENOENT\\)"],
])("refuses %s as a wrong argument, without filling the memory", (_, name, why) => {
  execFileSync("truncate", ["--size=5G", join(folder, "big")]);
  const file = name.startsWith("/") ? name : join(folder, name);
  expect(() => readInput(file)).toThrow(
    expect.objectContaining({ code: "USAGE", message: expect.stringMatching(why), remedy: expect.any(String) }),
  );
});
