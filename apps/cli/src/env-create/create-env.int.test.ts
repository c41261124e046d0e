import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv, type Env } from "@appliance/env";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createEnv, type CreateOptions } from "./create-env.ts";
import { quickSecrets } from "./testing/quick-secrets.ts";

const CLI = join(import.meta.dirname, "../main.ts");
/** Whoever runs it, no appliance is near. */
const ALONE = { PATH: process.env["PATH"] ?? "", APPLIANCE_CHECKOUT: "/nowhere" };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "env-create-"));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const appliance = (...args: string[]) =>
  spawnSync(process.execPath, [CLI, ...args], { cwd: folder, env: ALONE, encoding: "utf8", timeout: 60_000 });
const PLAIN = { sample: false, force: false };
const create = (domain: string, name: string, options: Partial<CreateOptions> = {}) =>
  createEnv(domain, at(name), { ...PLAIN, ...options }, quickSecrets);
const at = (name: string) => join(folder, name);

function read(name: string): Env {
  const { env, problems } = parseEnv(readFileSync(at(name)), { file: name });
  expect(problems).toEqual([]);
  return env!;
}

describe("env create", () => {
  it("makes a file for its owner alone, for the name as DNS has it, and leaves nothing else", () => {
    const { status, stderr } = appliance("env", "create", "Bücher.example", "env.yml");
    expect([status, stderr]).toEqual([0, "Bücher.example is xn--bcher-kva.example in DNS.\n"]);
    expect(lstatSync(at("env.yml")).mode & 0o777).toBe(0o600);
    expect(read("env.yml").appliance.domain).toBe("xn--bcher-kva.example");
    expect(readdirSync(folder)).toEqual(["env.yml"]);
  });

  it("makes three keys that gpg imports, encrypts and signs with, and none asks for a passphrase", () => {
    const { appliance, ecs } = read("env.yml");
    const keys = {
      ecs_backup: appliance.backup.encrypt,
      ecs_mediaserver: ecs.vault_encrypt,
      ecs_authority: ecs.vault_sign,
    };
    for (const [name, key] of Object.entries(keys)) expect(roundTrip(name, key!)).toBe(`a document for ${name}`);
  });

  it("makes a DKIM key of 2048 bits that openssl reads, and secrets of 39 bytes", () => {
    const { appliance, ecs } = read("env.yml");
    const text = execFileSync("openssl", ["rsa", "-noout", "-text"], { input: appliance.dkim.key!, stdio: "pipe" });
    expect(text.toString()).toContain("2048 bit");
    const secrets = [...ecs.settings!.matchAll(/SECRET(?:_KEY)? = '(.*)'/g)].map(([, secret = ""]) => secret);
    expect(secrets.map((secret) => Buffer.from(secret, "base64").length)).toEqual([39, 39, 39]);
    expect(new Set(secrets).size).toBe(3);
  });

  it("never touches a file that is there, unless it is told to", async () => {
    writeFileSync(at("old.yml"), "old", { mode: 0o644 });
    const { status, stderr } = appliance("env", "create", "b.example", "old.yml");
    expect([status, stderr]).toEqual([1, expect.stringMatching(/is there already[^]*FILE_EXISTS/)]);
    expect(readFileSync(at("old.yml"), "utf8")).toBe("old");
    await create("b.example", "old.yml", { force: true });
    expect(read("old.yml").appliance.domain).toBe("b.example");
    expect(lstatSync(at("old.yml")).mode & 0o777).toBe(0o600);
  });

  it("does not touch a file that appears while the keys are made", async () => {
    const base64 = () => {
      writeFileSync(at("late.yml"), "another's");
      return quickSecrets.base64();
    };
    const late = createEnv("a.example", at("late.yml"), PLAIN, { ...quickSecrets, base64 });
    await expect(late).rejects.toThrow(/is there already/);
    expect(readFileSync(at("late.yml"), "utf8")).toBe("another's");
  });

  it("refuses symlinks and folders, also with --force", async () => {
    symlinkSync("target.yml", at("link.yml"));
    await expect(create("a.example", "link.yml", { force: true })).rejects.toThrow(/is a symlink/);
    await expect(create("a.example", ".", { force: true })).rejects.toThrow(/is no plain file/);
    expect(readdirSync(folder)).not.toContain("target.yml");
  });

  it.each([
    ["a b", {}, "USAGE"],
    ["1.2.3.4", {}, "USAGE"],
    ["a.example", { extra: "/nowhere/extra.yml" }, "USAGE"],
    ["a.example", { template: "/" }, "USAGE"],
    ["a.example", { extra: import.meta.filename }, "EXTRA_INVALID"],
    ["a.example", { template: import.meta.filename }, "TEMPLATE_INVALID"],
  ])("writes nothing for %s with %j: %s", async (domain, options, code) => {
    await expect(create(domain, "new.yml", options)).rejects.toMatchObject({ code });
    await expect(create("a.example", "none/new.yml")).rejects.toMatchObject({ code: "FILE_NOT_WRITTEN" });
    expect(readdirSync(folder)).not.toContain("new.yml");
  });

  it("puts values of one's own over the file that env sample prints", async () => {
    writeFileSync(at("extra.yml"), "ecs: {git: {branch: 1.10}}\nappliance: {standby: yes}\n");
    await create("a.example", "own.yml", { sample: true, extra: at("extra.yml") });
    const { ecs, appliance: own } = read("own.yml");
    expect([own.standby, ecs.git]).toEqual([true, { branch: "1.10", source: "builtin:sample" }]);
    const printed = appliance("env", "sample", "--domain", "a.example").stdout;
    writeFileSync(at("printed.yml"), printed, { mode: 0o600 });
    const { stdout, status } = appliance("env", "diff", "printed.yml", "own.yml");
    const open = stdout.split("\n").filter((line) => line !== "" && !line.includes("[redacted]"));
    expect([status, open]).toEqual([1, ["appliance:standby: false → true", "ecs:git:branch: (not set) → 1.10"]]);
  });
});

describe("env diff", () => {
  it("ends as diff does: 0 for the same, 1 for another, 2 for trouble", () => {
    writeFileSync(at("a.yml"), "#cloud-config\nappliance: {domain: a.example}\n");
    writeFileSync(
      at("b.yml"),
      "#cloud-config\nappliance: {domain: b.example, backup: {url: 'ftp://me:hunter22@h/x'}}\n",
    );
    writeFileSync(at("broken.yml"), "#cloud-config\nappliance: {domain: a b}\n");
    writeFileSync(at("misspelt.yml"), "#cloud-config\nappliance: {domian: a.example}\n");
    const diff = (...args: string[]) => appliance("env", "diff", ...args);
    expect(diff("a.yml", "a.yml")).toMatchObject({ status: 0, stdout: "" });
    expect(diff("a.yml", "broken.yml")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/broken\.yml:2:21: /),
    });
    expect(diff("misspelt.yml", "broken.yml")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/did you mean 'domain'\?[^]*→ Correct misspelt\.yml[^]*broken\.yml:2:21: /),
    });
    expect(diff("a.yml", "none.yml").status).toBe(2);
    const { status, stdout } = diff("a.yml", "b.yml", "--json");
    expect(status).toBe(1);
    expect(stdout).not.toContain("hunter22");
    expect(JSON.parse(stdout).changes[0]).toEqual({
      path: "appliance:domain",
      before: "a.example",
      after: "b.example",
    });
  });
});

describe("env check", () => {
  it("gives advice beside a verdict, names the commission, and ends well", () => {
    const settings = "{settings: \"ETHICS_COMMISSION_UUID = 'e17ee744e4e840778f316cf3f79de6b4'\"}";
    writeFileSync(at("check.yml"), `#cloud-config\nappliance: {domain: a.example.org}\necs: ${settings}\n`, {
      mode: 0o644,
    });
    const { status, stdout } = appliance("env", "check", "check.yml");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^check\.yml:1:1: advice: others on this host may open/m);
    expect(stdout).toMatch(/^Ethics commission: Ethikkommission der Medizinischen Universität Graz$/m);
    expect(stdout).toMatch(/check\.yml is valid, with 1 warning and 5 pieces of advice\.\n$/);
    const { commission, ok } = JSON.parse(appliance("env", "check", "check.yml", "--json").stdout);
    expect([commission.uuid, ok]).toEqual(["e17ee744e4e840778f316cf3f79de6b4", true]);
  });
});

it("commissions finds them by words, umlauts or not, and says when there is none", () => {
  expect(appliance("commissions").stdout.trim().split("\n")).toHaveLength(31);
  expect(appliance("commissions", "gottlichen").stdout).toMatch(
    /^5615\w+ {2}Nicht verwenden: .*Göttlichen Heilandes\n$/,
  );
  expect(appliance("commissions", "Barmh.", "graz", "--json").stdout).toContain("75b5a9714f354a5b842aa01029148036");
  expect(appliance("commissions", "nowhere")).toMatchObject({ status: 1, stdout: "" });
});

/** Encrypts to the key, signs with it, decrypts and verifies, with no agent that could ask anyone. */
function roundTrip(name: string, key: string): string {
  const home = mkdtempSync(join(tmpdir(), "gpg-"));
  const gpg = (args: string[], input: string | Buffer) =>
    execFileSync(
      "gpg",
      ["--homedir", home, "--batch", "--quiet", "--pinentry-mode", "error", "--trust-model", "always", ...args],
      {
        input,
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
  try {
    gpg(["--import"], key);
    const secret = gpg(["--encrypt", "--sign", "--recipient", name, "--local-user", name], `a document for ${name}`);
    expect(gpg(["--list-secret-keys", "--with-colons"], "").toString()).toContain(
      `${name} <${name}@xn--bcher-kva.example>`,
    );
    return gpg(["--decrypt"], secret).toString();
  } finally {
    execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
    rmSync(home, { recursive: true });
  }
}
