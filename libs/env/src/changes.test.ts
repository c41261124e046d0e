import { redact } from "@appliance/errors";
import { describe, expect, it } from "vitest";
import { parseEnv, redactedChanges, secretsOf, type Env } from "./index.ts";
import { exampleEnv, exampleNames, namesInForce } from "./testing/example.ts";

function load(text: string): Env {
  const { env, problems } = parseEnv(Buffer.from(text), { file: "env.yml" });
  if (!env) throw new Error(JSON.stringify(problems));
  return env;
}

const withAppliance = (lines: string) => load(`#cloud-config\nappliance:\n  domain: ecs.example\n${lines}`);

describe("secretsOf", () => {
  const everything = load(exampleEnv(exampleNames.filter((name) => name !== "mountedUrl")));
  const secrets = secretsOf(everything);

  it("has every key of the file", () => {
    const { appliance, ecs } = everything;
    expect(secrets).toEqual(
      expect.arrayContaining([appliance.dkim.key, appliance.backup.encrypt, ecs.vault_encrypt, ecs.settings]),
    );
  });

  it("has the passwords within texts by themselves, since programs print them so", () => {
    expect(secrets).toEqual(expect.arrayContaining(["password", "0123456789abcdef", "a secret of the application"]));
  });

  it.each([
    ["sftp://user:p%40ssword@host/x", ["p%40ssword", "p@ssword"]],
    ["sftp://user:password@host/a@b", ["password"]],
    ["sftp://user@host/x", []],
    ["https://token123@host/x", ["token123"]],
    ["b2://account:key/with/slash@bucket", ["key/with/slash"]],
    ["file:///a@b", []],
  ])("finds the password of %s", (url, expected) => {
    const found = secretsOf(withAppliance(`  backup: {url: ${JSON.stringify(url)}}\n`));
    expect(found).toEqual(expected);
  });

  it("leaves nothing of a secret in a log that goes through redact", () => {
    const log = `mount -o user=username,pass=password; ${everything.ecs.vault_sign}; SECRET_KEY=a secret of the application`;
    expect(redact(log, secrets)).not.toMatch(/=password|lQECc2hh|secret of/);
  });

  it.each(["\n", "w", "KEY=", "'\"", "= ", " "])("ends soon on settings of many %j", (part) => {
    const settings = part.repeat(Math.floor((64 * 1024) / part.length));
    const env = load(`#cloud-config\n${JSON.stringify({ appliance: { domain: "a" }, ecs: { settings } })}\n`);
    expect(secretsOf(env)).toContain(settings);
  });

  it("does not count names of files as secrets", () => {
    expect(secrets).not.toContain("filename-key.pem");
  });
});

describe("redactedChanges", () => {
  it("is empty when nothing changed", () => {
    expect(redactedChanges(load(exampleEnv()), load(exampleEnv()))).toEqual([]);
  });

  it("names each setting that changed, with both values", () => {
    const before = withAppliance("  update: {automatic: no}\n  extra: {packages: [curl, git]}\n");
    const after = withAppliance(
      "  update: {oncalendar: daily}\n  extra: {packages: [curl]}\n  backup: {options: -v9}\n",
    );
    expect(redactedChanges(before, after)).toEqual([
      { path: "appliance:update:automatic", before: "false", after: "true" },
      { path: "appliance:update:oncalendar", before: "*-*-* 06:30:00", after: "daily" },
      { path: "appliance:backup:options", before: undefined, after: "-v9" },
      { path: "appliance:extra:packages:1", before: "git", after: undefined },
    ]);
  });

  it("shows a mode as chmod has it", () => {
    const file = (mode: string) => withAppliance(`  extra: {files: [{path: /a, contents: x, permissions: ${mode}}]}\n`);
    expect(redactedChanges(file("0600"), file("0640"))).toEqual([
      { path: "appliance:extra:files:0:permissions", before: "0600", after: "0640" },
    ]);
  });

  it("tells that a secret changed without showing it", () => {
    const withUrl = (password: string) => withAppliance(`  backup: {url: "sftp://user:${password}@host/x"}\n`);
    expect(redactedChanges(withUrl("hunter22"), withUrl("hunter23"))).toEqual([
      { path: "appliance:backup:url", before: "sftp://user:[redacted]@host/x", after: "sftp://user:[redacted]@host/x" },
    ]);
    expect(redactedChanges(withUrl("user"), withUrl("host"))).toEqual([
      { path: "appliance:backup:url", before: "[redacted]", after: "[redacted]" },
    ]);
  });

  it("shows no secret of a whole file that is new", () => {
    const shown = JSON.stringify(redactedChanges(undefined, load(exampleEnv([...namesInForce, "mount", "files"]))));
    expect(shown).not.toMatch(/lQECc2hh|BEGIN|SECRET_KEY|pass=|Your content/);
  });
});
