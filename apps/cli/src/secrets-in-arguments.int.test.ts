import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv, secretsOf } from "@appliance/env";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/*
 * Arguments of a program can be read by everybody on the host, in /proc and in logs. strace shows those of every program that
 * the command starts, however short it lives.
 */

const CLI = join(import.meta.dirname, "main.ts");
const folder = mkdtempSync(join(tmpdir(), "arguments-"));
const file = join(folder, "env.yml");
const trace = join(folder, "execve");
let secrets: string[];

/** Runs the command, and gives the arguments of every program that it started, without their environment. */
function programsOf(args: readonly string[], input = ""): string {
  const strace = ["-f", "-qq", "-s", "1000000", "-e", "trace=execve,execveat", "-o", trace];
  spawnSync("strace", [...strace, process.execPath, CLI, ...args], { input, cwd: folder });
  return readFileSync(trace, "utf8");
}

beforeAll(() => {
  const { stdout } = spawnSync(process.execPath, [CLI, "env", "sample", "--domain", "ecs.example"], {
    encoding: "utf8",
  });
  writeFileSync(file, stdout, { mode: 0o600 });
  const { env } = parseEnv(Buffer.from(stdout), { file });
  const lines = secretsOf(env!).flatMap((secret) => secret.split("\n"));
  secrets = [...new Set(lines.map((line) => line.trim()))].filter(
    (line) => line.length >= 20 && !line.startsWith("-----"),
  );
  writeFileSync(join(folder, "gpgkeys.txt"), publicKey());
});
/** Whom the archive of `env package` is encrypted to, by gpg. */
function publicKey(): string {
  const home = join(folder, "gnupg");
  mkdirSync(home, { mode: 0o700 });
  const gpg = (...args: string[]) =>
    spawnSync("gpg", ["--homedir", home, "--batch", "--quiet", ...args], { encoding: "utf8" }).stdout;
  gpg("--passphrase", "", "--quick-generate-key", "escrow@ecs.example", "rsa2048", "default", "never");
  const key = gpg("--armor", "--export");
  spawnSync("gpgconf", ["--homedir", home, "--kill", "all"]);
  return key;
}

afterAll(() => rmSync(folder, { recursive: true }));

const found = (text: string) => secrets.filter((secret) => text.includes(secret)).length;

it("a secret in an argument is seen by this test", () => {
  expect(secrets.length).toBeGreaterThan(50);
  spawnSync("strace", ["-f", "-qq", "-s", "1000000", "-e", "trace=execve", "-o", trace, "true", secrets[10]!]);
  expect(found(readFileSync(trace, "utf8"))).toBe(1);
});

describe("no program that is started for a command has a secret of env.yml among its arguments", () => {
  it.each([
    ["env check", ["env", "check", file]],
    ["env flatten", ["env", "flatten", "."]],
    ["env package", ["env", "package", file]],
    ["dns", ["dns", file]],
    ["dns --check", ["dns", file, "--check", "--resolver", "127.0.0.1:9"]],
  ])("%s", (_, args) => {
    const programs = programsOf(args, readFileSync(file, "utf8"));
    expect(programs.includes("/gpg")).toBe(args[1] === "package");
    expect(found(programs)).toBe(0);
  });

  it("env create, with its fresh secrets", () => {
    const made = join(folder, "made.yml");
    const programs = programsOf(["env", "create", "ecs.example", made]);
    const { env } = parseEnv(readFileSync(made), { file: made });
    const fresh = secretsOf(env!)
      .flatMap((secret) => secret.split("\n"))
      .filter((line) => line.trim().length >= 20);
    expect(fresh.length).toBeGreaterThan(50);
    expect(fresh.filter((line) => !line.startsWith("-----") && programs.includes(line.trim()))).toEqual([]);
  });
});
