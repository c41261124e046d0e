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

let keys = 0;
function secretKey(algorithm: string, passphrase = ""): string {
  const name = `test-${algorithm}-${++keys}`;
  const unlock = ["--pinentry-mode", "loopback", "--passphrase", passphrase];
  gpg(...unlock, "--quick-generate-key", name, algorithm, "default", "never");
  return gpg(...unlock, "--armor", "--export-secret-keys", name);
}

/** The bytes in an armored block, and a block around bytes; its checksum may be left out. */
const bytesOf = (key: string) =>
  Buffer.from(
    key
      .split("\n\n")[1]!
      .split("\n")
      .filter((line) => /^[A-Za-z0-9+/]/.test(line))
      .join(""),
    "base64",
  );
const asKey = (bytes: Buffer) =>
  `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${bytes.toString("base64")}\n-----END PGP PRIVATE KEY BLOCK-----\n`;
/** An RSA key with numbers of nothing, in the old form with two bytes of length. */
function secretPacket(version: number, bits = 2048): Buffer {
  const number = (size: number) => Buffer.concat([Buffer.from([size >> 8, size & 0xff]), Buffer.alloc(size / 8, 0xff)]);
  const body = Buffer.concat([Buffer.from([version, 0, 0, 0, 0, 1]), number(bits), number(16), Buffer.alloc(40)]);
  return Buffer.concat([Buffer.from([0x95, body.length >> 8, body.length & 0xff]), body]);
}
const USER_ID = Buffer.from([0xb4, 1, 0x61]);

/** gpg writes the length of an ed25519 key in one byte. */
const firstPacketOf = (key: string) => bytesOf(key).subarray(0, 2 + bytesOf(key)[1]!);

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
    expect(appliance({ backup: { encrypt: gpg("--armor", "--export", `test-rsa1024-${keys}`) } })).toHaveLength(1);
    expect(appliance({ backup: { encrypt: lines.toSpliced(4, 1).join("\n") } })).toEqual([
      expect.stringMatching(/the OpenPGP key is not whole/),
    ]);
  });

  it("refuses keys that gpg cannot use by itself, or that protect nothing", () => {
    const refused = (key: string) => appliance({ backup: { encrypt: key } }).join("\n");
    expect(refused(secretKey("rsa2048", "hunter22"))).toMatch(/has a passphrase, or no secret part/);
    expect(refused(secretKey("ed25519", "hunter22"))).toMatch(/has a passphrase, or no secret part/);
    expect(refused(asKey(bytesOf(secretKey("ed25519")).subarray(0, -1)))).toMatch(/a part of it is cut off/);
    expect(refused(asKey(firstPacketOf(secretKey("ed25519"))))).toMatch(/has no name/);
    expect(refused(asKey(Buffer.concat([secretPacket(6), USER_ID])))).toMatch(/is of version 6/);
    expect(refused(asKey(Buffer.concat([secretPacket(4, 512), USER_ID])))).toMatch(/has 512 bits/);
    expect(refused(asKey(Buffer.concat([secretPacket(4, 512).subarray(0, 20), USER_ID])))).toMatch(/cut off/);
  });

  it("takes no key that gpg would not import, whichever byte of it is missing", () => {
    const whole = bytesOf(secretKey("rsa1024"));
    const taken = Array.from({ length: 40 }, (_, part) => Math.floor((whole.length * part) / 40)).filter(
      (length) =>
        !appliance({ backup: { encrypt: asKey(whole.subarray(0, length)) } })
          .join()
          .includes("the OpenPGP"),
    );
    expect(taken).toEqual([]);
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
    const [a, b] = ["ecs.example", "ecs.example"].map(selfSigned);
    expect(appliance({ ssl: a })).toEqual([]);
    expect(appliance({ ssl: { key: a?.key, cert: b?.cert } })[0]).toMatch(/ssl:cert: is not the certificate of/);
    expect(appliance({ ssl: { key: a?.key, cert: a?.key } })[0]).toMatch(/ssl:cert: is no certificate in PEM/);
  });

  it("says which certificate of a chain is broken, and when the first is for another host", () => {
    const { key, cert } = selfSigned("ecs.example");
    expect(appliance({ ssl: { key, cert } })).toEqual([]);
    const broken = cert.replace(/\n.{20}/, "\n");
    expect(appliance({ ssl: { key, cert: cert + broken } })[0]).toMatch(/ssl:cert: its certificate 2 cannot be read/);
    expect(appliance({ domain: "other.example", ssl: { key, cert } })[0]).toMatch(
      /warning: appliance:ssl:cert: is not for appliance:domain/,
    );
    expect(appliance({ ssl: { letsencrypt: { ca: cert + cert } } })).toEqual([]);
    expect(appliance({ ssl: { letsencrypt: { ca: key } } })[0]).toMatch(/letsencrypt:ca: is no certificate in PEM/);
  });
});

function selfSigned(name: string) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${name}`, "-keyout", key, "-out", cert);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

describe("a key of ssh-keygen for the backup", () => {
  const sshKey = (name: string, type: string[], passphrase = "") => {
    run("ssh-keygen", "-q", "-N", passphrase, "-C", "test", "-f", join(folder, name), "-t", ...type);
    return readFileSync(join(folder, name), "utf8");
  };
  const withKey = (ssh_key: string) => appliance({ backup: { url: "sftp://me@host/x", ssh_key } });

  it.each(["ed25519", "rsa", "ecdsa", "rsa -m PEM"])("is taken: %s", (type) => {
    expect(withKey(sshKey(`ssh-${type.replaceAll(" ", "")}`, type.split(" ")))).toEqual([]);
  });

  it("is refused with a passphrase, and with any part of its end cut off", () => {
    expect(withKey(sshKey("locked", ["ed25519"], "a passphrase"))).toEqual([
      expect.stringContaining("has a passphrase"),
    ]);
    const [first = "", ...rest] = sshKey("cut", ["ed25519"]).trimEnd().split("\n");
    const cut = [first, ...rest.slice(0, -2), rest.at(-1)].join("\n");
    expect(withKey(cut)).toEqual([expect.stringContaining("the ssh key is not whole")]);
  });
});
