import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand, type RunCommand } from "@appliance/command";
import type { IssuedClient } from "./index.ts";
import { createFixture, request, signal, type Fixture } from "./testing/fixture.ts";

let fixture: Fixture;
let folder: string;
const issued: Record<string, IssuedClient> = {};

/** Every argument that a program was given, and every variable. */
const told: string[] = [];

beforeAll(async () => {
  const run: RunCommand = (program, args, options) => {
    told.push(...args, ...Object.values(options.env ?? {}));
    return runCommand(program, args, options);
  };
  fixture = await createFixture({ now: new Date(), run }); // the programs below have the true clock
  folder = join(fixture.root, "imports");
  mkdirSync(folder);
  await fixture.authority.ensure({}, signal);
  for (const compat of [false, true]) {
    const one = await fixture.authority.issue(request({ name: "Bürö 1", compat }), signal);
    issued[nameOf(compat)] = one;
    writeFileSync(fileOf(nameOf(compat)), one.pkcs12);
    writeFileSync(`${fileOf(nameOf(compat))}.password`, one.password);
  }
});
afterAll(() => fixture.remove());

const nameOf = (compat: boolean) => (compat ? "compat" : "modern");
const fileOf = (kind: string) => join(folder, `${kind}.p12`);

function run(program: string, args: readonly string[], input = ""): string {
  return execFileSync(program, args, { input, stdio: "pipe", env: { ...process.env, LC_ALL: "C.UTF-8" } }).toString();
}

/** In the spelling of each program. */
const bare = (serial: string) => serial.toLowerCase();
const colons = (serial: string) => bare(serial).replaceAll(/(..)(?=.)/g, "$1:");

describe.each(["modern", "compat"])("a %s package", (kind) => {
  it("opens in OpenSSL without its legacy provider: key, certificate, authority, encrypted as intended", () => {
    const open = ["pkcs12", "-in", fileOf(kind), "-nodes", "-info", "-passin", `file:${fileOf(kind)}.password`];
    const command = `openssl ${open.map((one) => `'${one}'`).join(" ")} 2>&1`;
    const said = run("sh", ["-c", command]);
    expect(said.match(/^-----BEGIN .*-----$/gm)).toEqual([
      "-----BEGIN CERTIFICATE-----",
      "-----BEGIN CERTIFICATE-----",
      "-----BEGIN PRIVATE KEY-----",
    ]);
    const encryption = {
      modern: /PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/g,
      compat: /pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048/g,
    }[kind]!;
    expect(said.match(encryption)).toHaveLength(2);
    expect(said).toMatch(kind === "modern" ? /^MAC: sha256, Iteration 100000/m : /^MAC: sha1, Iteration 2048/m);
  });

  it("opens in GnuTLS", () => {
    const password = `--password=${issued[kind]!.password}`;
    const said = run("certtool", ["--p12-info", "--inder", "--infile", fileOf(kind), password]);
    expect(said.match(/^-----BEGIN CERTIFICATE-----$/gm)).toHaveLength(2);
    const key = /-----BEGIN ENCRYPTED PRIVATE KEY-----[^]+-----END ENCRYPTED PRIVATE KEY-----\n/.exec(said)![0];
    expect(run("certtool", ["--key-info", "--pkcs8", password], key)).toMatch(/Public Key Algorithm: RSA/);
  });

  it("is imported by NSS, as Firefox does it, with its key and under its name", () => {
    const database = `sql:${join(folder, `nss-${kind}`)}`;
    mkdirSync(join(folder, `nss-${kind}`));
    run("certutil", ["-N", "-d", database, "--empty-password"]);
    run("pk12util", ["-i", fileOf(kind), "-d", database, "-w", `${fileOf(kind)}.password`, "-K", ""]);
    expect(run("certutil", ["-L", "-d", database])).toMatch(/^Bürö 1 +u,u,u/m);
    expect(run("certutil", ["-K", "-d", database])).toMatch(/rsa .* Bürö 1/);
  });

  it("is imported by Java, with its chain", () => {
    const source = [
      "-srckeystore",
      fileOf(kind),
      "-srcstoretype",
      "PKCS12",
      "-srcstorepass:file",
      `${fileOf(kind)}.password`,
    ];
    const store = join(folder, `java-${kind}.p12`);
    run("keytool", ["-importkeystore", "-noprompt", ...source, "-destkeystore", store, "-deststorepass", "change-it"]);
    const listed = run("keytool", ["-list", "-v", "-keystore", store, "-storepass", "change-it"]);
    expect(listed).toContain("Entry type: PrivateKeyEntry");
    expect(listed).toContain("Certificate chain length: 2");
    expect(listed).toContain(`Serial number: ${bare(issued[kind]!.certificate.serial)}`);
  });
});

describe("a client certificate", () => {
  it("says what it is for, and is taken for a client until it is revoked", async () => {
    const { certificate } = issued["modern"]!;
    const file = join(folder, "client.pem");
    const open = [
      "pkcs12",
      "-in",
      fileOf("modern"),
      "-clcerts",
      "-nokeys",
      "-passin",
      `file:${fileOf("modern")}.password`,
    ];
    writeFileSync(file, run("openssl", open));
    const text = run("openssl", ["x509", "-in", file, "-noout", "-text"]);
    expect(text).toContain(colons(certificate.serial));
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/Extended Key Usage:\s+TLS Web Client Authentication\n/);
    expect(await whyRefused(file)).toBe("");
    await fixture.authority.revoke(certificate.serial, signal);
    expect(await whyRefused(file)).toContain("certificate revoked");
  });

  it("has a password of its own, of 24 letters and digits that nobody mixes up", () => {
    const [one, other] = [issued["modern"]!.password, issued["compat"]!.password];
    expect(one).toMatch(/^([a-hjkmnp-z2-9]{4}-){5}[a-hjkmnp-z2-9]{4}$/);
    expect(other).not.toBe(one);
  });

  it("tells its password to no program where others can read it", () => {
    expect(told).toContain("-passout");
    for (const { password } of Object.values(issued)) expect(told.join("\n")).not.toContain(password);
  });

  it("leaves no key behind: nothing lies in the work folder, and the register knows no secret", () => {
    expect(readdirSync(fixture.root).toSorted()).toEqual(["authority", "imports"]);
    const stored = run("grep", ["-rlE", "PRIVATE KEY", fixture.folder]).trim().split("\n");
    expect(stored).toEqual([join(fixture.folder, "active/1/key.pem")]);
    expect(run("stat", ["-c", "%a", stored[0]!]).trim()).toBe("600");
  });
});

/** As nginx checks a client; empty when it is taken. */
async function whyRefused(file: string): Promise<string> {
  const bundle = await fixture.authority.bundle(signal);
  writeFileSync(join(folder, "ca.pem"), bundle!.caPem);
  writeFileSync(join(folder, "crl.pem"), bundle!.crlPem);
  const trust = `-CAfile ${join(folder, "ca.pem")} -CRLfile ${join(folder, "crl.pem")}`;
  return run("sh", ["-c", `openssl verify -purpose sslclient -crl_check_all ${trust} ${file} 2>&1 >/dev/null || true`]);
}
