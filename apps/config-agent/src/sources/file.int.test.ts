import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lookAtFile } from "./file.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "source-"));
  mkdirSync(join(root, "app"));
});
afterEach(() => rmSync(root, { recursive: true }));

const make = {
  nothing: () => {},
  "a folder": (path: string) => mkdirSync(path),
  "a pipe": (path: string) => void execFileSync("mkfifo", [path]),
  "a file of 3 GB": (path: string) => void execFileSync("truncate", ["--size=3G", path]),
};

it.each([
  ["nothing", { passedOver: "there is no such file" }],
  ["a folder", { unusable: { code: "ENV_FILE_UNUSABLE", message: "/app/env.yml is not a file." } }],
  ["a pipe", { unusable: { code: "ENV_FILE_UNUSABLE", message: "/app/env.yml is not a file." } }],
  ["a file of 3 GB", { unusable: { code: "ENV_FILE_UNUSABLE", message: "/app/env.yml is longer than 256 KiB." } }],
] as const)("says of %s in place of env.yml what it is, without reading it", async (what, found) => {
  make[what](join(root, "app/env.yml"));
  expect(await lookAtFile(root, "/app/env.yml")).toMatchObject({ source: "/app/env.yml", ...found });
});

it("reads a file", async () => {
  writeFileSync(join(root, "app/env.yml"), "appliance: {}\n");
  expect(await lookAtFile(root, "/app/env.yml")).toMatchObject({ text: Buffer.from("appliance: {}\n") });
});
