import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const DEPLOY = join(import.meta.dirname, "..");

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "install-"));
  for (const folder of ["deploy", "compose"]) mkdirSync(join(checkout, folder));
});
afterEach(() => rmSync(checkout, { recursive: true }));

/** images.sh as it would be of another version, or while it takes its time. */
function writeImagesScript(cases: string): void {
  const path = join(checkout, "deploy/images.sh");
  writeFileSync(path, `#!/bin/sh\ncase "$1" in\n${cases}\nesac\n`);
  chmodSync(path, 0o755);
}

/** Runs functions of install.sh's parts, with its variables and the functions that they call in it. */
function inInstall(part: string, script: string, env: NodeJS.ProcessEnv = {}) {
  const before = `set -eu; root= checkout='${checkout}' settings='${checkout}/compose/.env' log='${checkout}/log'
    say() { echo "$@"; }; fail() { echo "$1"; exit 1; }; openly() { :; }; quietly() { "$@" >>"$log" 2>&1; }
    . '${DEPLOY}/${part}'`;
  return spawnSync("sh", ["-c", `${before}\n${script}`], {
    encoding: "utf8",
    timeout: 20_000,
    env: { PATH: process.env["PATH"], ...env },
  });
}

describe("compose/.env", () => {
  const install = (version: string, env: NodeJS.ProcessEnv = {}) => {
    writeImagesScript(`version) echo ${version} ;;`);
    const { status, stderr } = inInstall("install-settings.sh", "read_settings; write_settings", env);
    expect([status, stderr]).toEqual([0, ""]);
    return readFileSync(join(checkout, "compose/.env"), "utf8").split("\n");
  };

  it("remembers the version before, also when the same one is installed again", () => {
    expect(install("one")).toContain("APPLIANCE_PREVIOUS_VERSION=");
    expect(install("two")).toEqual(expect.arrayContaining(["APPLIANCE_VERSION=two", "APPLIANCE_PREVIOUS_VERSION=one"]));
    expect(install("two")).toContain("APPLIANCE_PREVIOUS_VERSION=one");
    expect(install("three")).toContain("APPLIANCE_PREVIOUS_VERSION=two");
  });

  it("keeps what was chosen before", () => {
    install("one", { APPLIANCE_SUBNET: "10.80", APPLIANCE_LOG_LEVEL: "debug" });
    expect(install("two")).toEqual(expect.arrayContaining(["APPLIANCE_SUBNET=10.80", "APPLIANCE_LOG_LEVEL=debug"]));
  });

  it("gives the host an id of its own, by which its locks in a backup are known, and never another", () => {
    const idOf = (settings: string[]) => settings.find((line) => line.startsWith("APPLIANCE_HOST_ID="));
    const first = idOf(install("one"));
    expect(first).toMatch(/=appliance-[0-9a-f]{8}$/);
    expect(idOf(install("two"))).toBe(first);
  });
});

describe("while images are built", () => {
  const prepare = (settings: NodeJS.ProcessEnv = {}) =>
    inInstall("install-images.sh", "prepare_images", { APPLIANCE_VERSION: "one", ...settings });
  const missing = "missing) echo appliance/queue:one; echo appliance/nginx:one ;;";

  it("says now and then what is still to come, and nothing of what builds say", () => {
    writeImagesScript(`${missing}\nbuild) echo "#7 RUN apt-get"; sleep 2.6 ;;`);
    const { status, stdout } = prepare({ PROGRESS_EVERY_SECONDS: "1" });
    expect(status).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines[1]).toBe("  0 min so far, still to be built: queue nginx");
    expect([2, 3]).toContain(lines.length);
    expect(readFileSync(join(checkout, "log"), "utf8")).toBe("#7 RUN apt-get\n");
  });

  it("fails when a build does, and at once", () => {
    writeImagesScript(`${missing}\nbuild) exit 3 ;;`);
    const { status, stdout } = prepare();
    expect(status).toBe(1);
    expect(stdout).toContain("an image cannot be built");
  });

  it("does not take images for there when their names cannot be found out", () => {
    writeImagesScript("missing) exit 1 ;;");
    const { status, stdout } = prepare();
    expect(status).toBe(1);
    expect(stdout).not.toContain("that are here");
  });
});
