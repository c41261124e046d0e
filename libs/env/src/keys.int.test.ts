import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatProblem, parseEnv } from "./index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "env-keys-"));
});
afterAll(() => {
  gpg("--version"); // only a home that gpg made has an agent to end
  execFileSync("gpgconf", ["--homedir", folder, "--kill", "all"]);
  rmSync(folder, { recursive: true });
});

const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });
const gpg = (...args: string[]) => run("gpg", "--homedir", folder, "--batch", "--quiet", ...args);

function secretKey(algorithm: string): string {
  const name = `test-${algorithm}`;
  gpg("--passphrase", "", "--quick-generate-key", name, algorithm, "default", "never");
  return gpg("--armor", "--export-secret-keys", name);
}

const problemsWith = (keys: Record<string, unknown>) =>
  parseEnv(Buffer.from(`#cloud-config\n${JSON.stringify({ ...keys })}\n`), { file: "env.yml" }).problems.map(
    formatProblem,
  );
const appliance = (keys: Record<string, unknown>) => problemsWith({ appliance: { domain: "ecs.example", ...keys } });

describe("keys as the programs make them", () => {
  it.each(["rsa2048", "ed25519"])("takes a secret key of gpg, %s", (algorithm) => {
    expect(appliance({ backup: { encrypt: secretKey(algorithm) } })).toEqual([]);
  });

  it("refuses gpg's public key, and one that lost a line", () => {
    const key = secretKey("rsa1024");
    const lines = key.split("\n");
    expect(appliance({ backup: { encrypt: gpg("--armor", "--export", "test-rsa1024") } })).toHaveLength(1);
    expect(appliance({ backup: { encrypt: lines.toSpliced(4, 1).join("\n") } })).toEqual([
      expect.stringMatching(/the OpenPGP key is not whole/),
    ]);
  });

  it.each(["ed25519", "rsa", "ecdsa"])("takes a public key of ssh-keygen, %s", (type) => {
    const file = join(folder, type);
    run("ssh-keygen", "-q", "-t", type, "-N", "", "-f", file);
    const line = readFileSync(`${file}.pub`, "utf8").trim();
    expect(problemsWith({ ssh_authorized_keys: [line, `no-pty ${line}`], appliance: { domain: "a" } })).toEqual([]);
  });

  it("takes keys of openssl for DKIM and refuses others and short ones", () => {
    expect(appliance({ dkim: { key: run("openssl", "genrsa", "2048") } })).toEqual([]);
    expect(appliance({ dkim: { key: run("openssl", "genrsa", "-traditional", "2048") } })).toEqual([]);
    expect(appliance({ dkim: { key: run("openssl", "genrsa", "512") } })[0]).toMatch(/the key has 512 bits/);
    expect(appliance({ dkim: { key: run("openssl", "genpkey", "-algorithm", "ed25519") } })[0]).toMatch(
      /must be an RSA key/,
    );
  });

  it("takes a certificate with its key and refuses one with another's", () => {
    const [a, b] = ["a", "b"].map(selfSigned);
    expect(appliance({ ssl: a })).toEqual([]);
    expect(appliance({ ssl: { key: a?.key, cert: b?.cert } })[0]).toMatch(/ssl:cert: is not the certificate of/);
    expect(appliance({ ssl: { key: a?.key, cert: a?.key } })[0]).toMatch(/ssl:cert: is no certificate in PEM/);
  });
});

function selfSigned(name: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${name}`, "-keyout", key, "-out", cert);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
