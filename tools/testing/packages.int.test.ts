import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const PACKAGES = join(import.meta.dirname, "packages.mjs");

let checkout: string;
const at = (...parts: string[]) => join(checkout, ...parts);
const npm = (...args: string[]) => execFileSync("npm", args, { cwd: checkout, stdio: "pipe", timeout: 60_000 });
const ensure = () => spawnSync("node", [PACKAGES], { cwd: checkout, encoding: "utf8", timeout: 60_000 }).status;

const DEPENDENCIES = { one: "file:one-1.0.0.tgz", two: "file:two-1.0.0.tgz" };
const writeManifest = (dependencies: object) =>
  writeFileSync(at("package.json"), JSON.stringify({ name: "checkout", version: "1.0.0", dependencies }));

/** A checkout with two packages that need no registry; npm takes seconds, so it is one for all tests. */
beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), "packages-"));
  for (const name of ["one", "two"]) {
    mkdirSync(at("libs", name), { recursive: true });
    writeFileSync(at("libs", name, "package.json"), JSON.stringify({ name, version: "1.0.0" }));
    npm("pack", "--silent", `./libs/${name}`);
  }
  writeManifest(DEPENDENCIES);
  npm("install", "--package-lock-only", "--offline");
});
afterAll(() => rmSync(checkout, { recursive: true }));

const installedAt = () => statSync(at("node_modules/.package-lock.json"), { bigint: true }).mtimeNs;

it("installs packages once", () => {
  expect(ensure()).toBe(0);
  expect(existsSync(at("node_modules/one/package.json"))).toBe(true);
  const before = installedAt();
  expect(ensure()).toBe(0);
  expect(installedAt()).toBe(before);
});

it.each([
  ["while it emptied the folder", "node_modules/two"],
  ["while it filled the folder", "node_modules/.package-lock.json"],
])("starts again after an installation that was cut off %s", (_when, lost) => {
  rmSync(at(lost), { recursive: true });
  expect(ensure()).toBe(0);
  expect(existsSync(at(lost))).toBe(true);
  expect(existsSync(at("node_modules/two/package.json"))).toBe(true);
});

it("starts again after one that has failed, and fails with it", () => {
  rmSync(at("node_modules/two"), { recursive: true });
  writeManifest({ ...DEPENDENCIES, three: "file:three-1.0.0.tgz" });
  expect(ensure()).not.toBe(0);
  writeManifest(DEPENDENCIES);
  expect(ensure()).toBe(0);
  expect(existsSync(at("node_modules/two/package.json"))).toBe(true);
});
