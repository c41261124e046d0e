import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const BOOTSTRAP = join(import.meta.dirname, "../bootstrap.sh");
const SCRIPT = readFileSync(BOOTSTRAP, "utf8");

function bootstrap(...args: string[]) {
  return spawnSync("sh", [BOOTSTRAP, ...args], { encoding: "utf8", timeout: 20_000 });
}

function piped(script: string, ...args: string[]) {
  return spawnSync("sh", ["-s", "--", ...args], { input: script, encoding: "utf8", timeout: 20_000 });
}

describe("bootstrap.sh", () => {
  it("explains itself", () => {
    const { status, stdout } = bootstrap("--help");
    expect(status).toBe(0);
    for (const flag of ["--yes", "--domain", "--env", "--sample", "--root", "--source"]) expect(stdout).toContain(flag);
  });

  it.each([
    { args: ["--smaple"], complaint: "unknown option: --smaple" },
    { args: ["--domain"], complaint: "--domain needs a value" },
    { args: ["--domain", "a b"], complaint: "no name of a host" },
    { args: ["--root", "data"], complaint: "begins with /" },
    { args: ["--sample", "--env", "/etc/hosts"], complaint: "exclude each other" },
    { args: ["--env", "/nowhere/env.yml"], complaint: "cannot be read" },
  ])("refuses $args before it does anything", ({ args, complaint }) => {
    const { status, stderr } = bootstrap(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(complaint);
  });

  it("needs to be told where the checkout is when it is piped into a shell", () => {
    const { status, stderr } = piped(SCRIPT, "--yes");
    expect(status).toBe(2);
    expect(stderr).toContain("--source");
  });

  it("runs nothing when the pipe breaks before its last line", () => {
    const lines = SCRIPT.split("\n");
    for (let kept = 1; kept < lines.length - 1; kept += 7) {
      const { stdout } = piped(lines.slice(0, kept).join("\n"), "--help");
      expect(stdout).toBe("");
    }
  });
});
