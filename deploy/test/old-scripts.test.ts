import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "old-scripts-"));
  mkdirSync(join(root, "usr/local/bin"), { recursive: true });
  writeFileSync(join(root, "usr/local/bin/appliance"), '#!/bin/sh\nprintf "%s|" "$@"\n', { mode: 0o755 });
  const files = join(import.meta.dirname, "../install-files.sh");
  execFileSync("sh", ["-euc", `. '${files}'; install_old_scripts`], { env: { PATH: process.env["PATH"], root } });
});
afterAll(() => rmSync(root, { recursive: true }));

it.each([
  ["env-create.sh", "env|create|"],
  ["env-package.sh", "env|package|"],
  ["env-update.sh", "env|update|"],
  ["create-internal-user.sh", "user|create-internal|"],
  ["create-client-certificate.sh", "cert|client|create|"],
  ["recover-from-backup.sh", "recover|"],
])("the manual's %s is the command of today, with the arguments as they are", (script, command) => {
  const path = join(root, "usr/local/sbin", script);
  expect(execFileSync(path, ["a b", "$HOME", "--x"], { encoding: "utf8" })).toBe(`${command}a b|$HOME|--x|`);
});

it("the manual's scripts leave nothing else behind", () => {
  expect(readdirSync(join(root, "usr/local/sbin")).every((name) => name.endsWith(".sh"))).toBe(true);
});
