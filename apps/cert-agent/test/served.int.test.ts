import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHostCertificate, type HostCertificate } from "../src/host-certificate/index.ts";

const DOMAIN = "host.example.org";
const P256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const DAY_MS = 86_400_000;
const limit = () => AbortSignal.timeout(30_000);

interface Pem {
  key: string;
  certificate: string;
}

/** A self-signed certificate by openssl. */
function make(name: string, { newKey = P256, days = 2, subject = `/CN=${name}` } = {}): Pem {
  const call = ["req", "-x509", ...newKey, "-nodes", "-keyout", "-", "-days", String(days), "-subj", subject];
  const printed = execFileSync("openssl", [...call, "-addext", `subjectAltName=DNS:${name}`], {
    stdio: "pipe",
  }).toString();
  const [key = "", certificate = ""] = printed.split(/(?=-----BEGIN CERTIFICATE-----)/);
  return { key, certificate };
}

let folder: string;
let agent: HostCertificate;
const clock = { aheadMs: 0 };
let good: Pem;

beforeAll(() => {
  good = make(DOMAIN);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "served-"));
  clock.aheadMs = 0;
  agent = createHostCertificate({
    folder,
    challengeFolder: folder,
    target: { address: "127.0.0.1", port: 9 },
    builtAt: new Date("2020-01-01T00:00:00Z"),
    run: runCommand,
    log: { info: () => {}, warn: () => {} },
    now: () => new Date(Date.now() + clock.aheadMs),
  });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const wanted = (given: Pem | null = null, allowedHosts: string[] = []) => ({
  domain: DOMAIN,
  allowedHosts,
  given,
  acme: null,
});

function placeBefore({ key, certificate }: { key: string | Buffer; certificate: string | Buffer }): void {
  mkdirSync(join(folder, "before"), { recursive: true });
  writeFileSync(join(folder, "before/server.key.pem"), key);
  writeFileSync(join(folder, "before/server.cert.pem"), certificate);
}

const der = ({ certificate }: Pem) => Buffer.from(certificate.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");

/** What may stand in a file or in env.yml, and what is said of it. */
const CORPUS: [what: string, pem: () => Pem, reason: string][] = [
  ["a key of another certificate", () => ({ ...good, key: make("x.test").key }), "does not belong"],
  ["garbage", () => ({ key: "\0\u0001garbage", certificate: "-----BEGIN CERTIFICATE-----\n!!\n" }), "no PEM text"],
  ["nothing", () => ({ key: "", certificate: "" }), "no PEM text"],
  ["broken base64", () => ({ ...good, certificate: good.certificate.replace("MII", "AAA") }), "cannot be read"],
  ["DER in place of PEM", () => ({ ...good, certificate: der(good).toString("latin1") }), "no PEM text"],
  ["the certificate in place of the key", () => ({ ...good, key: good.certificate }), "no PEM text"],
  ["two keys", () => ({ ...good, key: good.key + make("x.test").key }), "2 keys"],
  ["other names", () => make("other.example.org"), "not for host.example.org but for other.example.org"],
  ["a chain of forty", () => ({ ...good, certificate: good.certificate.repeat(40) }), "40 certificates"],
  ["a key of 1024 bits", () => make(DOMAIN, { newKey: ["-newkey", "rsa:1024"] }), "kind or size"],
  [
    "a key on an unusual curve",
    () => make(DOMAIN, { newKey: [...P256.slice(0, 3), "ec_paramgen_curve:secp256k1"] }),
    "kind or size",
  ],
  ["a key with a password", () => ({ ...good, key: encrypted(good.key) }), "password"],
  [
    "a name with slashes and line ends",
    () => make("x.test", { subject: String.raw`/CN=..\/..\/etc/O=a` + "\nb" }),
    "not for host.example.org",
  ],
];

function encrypted(key: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "key-")), "key.pem");
  writeFileSync(path, key);
  return execFileSync("openssl", ["pkcs8", "-topk8", "-in", path, "-passout", "pass:secret1"], {
    stdio: "pipe",
  }).toString();
}

describe.each(CORPUS)("a certificate that is no good (%s)", (_what, pem, reason) => {
  const inReason = expect.stringContaining(reason) as string;

  it("is passed over on disk, and another one is served", async () => {
    placeBefore(pem());
    expect(await agent.served(wanted(), limit())).toMatchObject({ source: "self-signed" });
    const { passedOver, problem } = await agent.status(wanted());
    expect(passedOver).toMatchObject([{ place: "before/server.cert.pem", reason: inReason }]);
    expect(passedOver[0]?.reason).not.toMatch(/[\n\0]/);
    expect(problem).toBeNull();
  });

  it("is a problem in env.yml, and the next one is served", async () => {
    placeBefore(good);
    expect(await agent.served(wanted(pem()), limit())).toMatchObject({ source: "disk" });
    const { problem } = await agent.status(wanted(pem()));
    expect(problem).toMatchObject({ code: "CERTIFICATE_GIVEN_UNFIT", message: inReason });
  });
});

describe("what is served", () => {
  it("is env.yml's before what lies on disk, and that before a self-signed one", async () => {
    placeBefore(good);
    expect(await agent.served(wanted(), limit())).toMatchObject({ source: "disk" });
    expect(await agent.served(wanted(make(DOMAIN)), limit())).toMatchObject({ source: "env.yml" });
  });

  it("is told as long before its end as a person needs, where nobody renews it but a person", async () => {
    const given = make(DOMAIN, { days: 360 });
    const problem = async () => (await agent.status(wanted(given))).problem;
    clock.aheadMs = 329 * DAY_MS;
    expect(await problem()).toBeNull();
    clock.aheadMs = 331 * DAY_MS;
    expect(await problem()).toMatchObject({ code: "CERTIFICATE_GIVEN_ENDS" });
    expect(await agent.served(wanted(given), limit())).toMatchObject({ source: "env.yml" });
  });

  it("has its chain in order, without the root and what does not belong to it", async () => {
    placeBefore({ ...good, certificate: make("x.test").certificate + good.certificate });
    const { chainPem, leaf } = await agent.served(wanted(), limit());
    expect(leaf.subjectAltName).toBe(`DNS:${DOMAIN}`);
    expect(chainPem.match(/BEGIN/g)).toHaveLength(1);
  });

  it("is never one that has ended or has not begun", async () => {
    placeBefore(good);
    clock.aheadMs = 3 * DAY_MS;
    expect((await agent.served(wanted(), limit())).source).toBe("self-signed");
    expect((await agent.status(wanted())).passedOver).toMatchObject([
      { reason: expect.stringContaining("ended") as string },
    ]);
    clock.aheadMs = -DAY_MS;
    expect((await agent.served(wanted(), limit())).source).toBe("self-signed");
  });

  it("is not judged by a clock that is before this version was made", async () => {
    placeBefore(good);
    clock.aheadMs = -20 * 365 * DAY_MS;
    expect((await agent.served(wanted(), limit())).source).toBe("disk");
  });

  it.each([
    ["a pipe", (path: string) => execFileSync("mkfifo", [path])],
    ["a folder", (path: string) => mkdirSync(path)],
    ["a link to itself", (path: string) => symlinkSync(path, path)],
    ["a device", (path: string) => symlinkSync("/dev/zero", path)],
    ["a file of a megabyte", (path: string) => writeFileSync(path, Buffer.alloc(2 ** 20))],
  ])("does not depend on %s in place of a file", async (_what, place) => {
    placeBefore(good);
    const path = join(folder, "before/server.key.pem");
    rmSync(path);
    place(path);
    expect(await agent.served(wanted(), limit())).toMatchObject({ source: "self-signed" });
    expect((await agent.status(wanted())).passedOver).toHaveLength(1);
  });
});

describe("the self-signed certificate", () => {
  it("has all names, is kept, and is made anew when names change or it nears its end", async () => {
    const names = [DOMAIN, "www.example.org", "10.0.0.1"];
    const first = await agent.served(wanted(null, names), limit());
    expect(first.leaf.subjectAltName).toBe("DNS:host.example.org, DNS:www.example.org, IP Address:10.0.0.1");
    expect((await agent.served(wanted(null, names), limit())).chainPem).toBe(first.chainPem);
    const another = await agent.served(wanted(null, [...names, "new.example.org"]), limit());
    expect(another.leaf.serialNumber).not.toBe(first.leaf.serialNumber);
    clock.aheadMs = 300 * DAY_MS;
    const later = await agent.served(wanted(null, names), limit());
    expect(later.leaf.serialNumber).not.toBe(another.leaf.serialNumber);
  });

  it("is made anew when its key and certificate do not match, and is served where it cannot be kept", async () => {
    const first = await agent.served(wanted(), limit());
    writeFileSync(join(folder, "self-signed/key.pem"), good.key);
    const second = await agent.served(wanted(), limit());
    expect(second.leaf.serialNumber).not.toBe(first.leaf.serialNumber);
    expect(readFileSync(join(folder, "self-signed/chain.pem"), "utf8")).toBe(second.chainPem);
    rmSync(join(folder, "self-signed"), { recursive: true });
    writeFileSync(join(folder, "self-signed"), "in the way");
    chmodSync(join(folder, "self-signed"), 0o600);
    const third = await agent.served(wanted(), limit());
    expect((await agent.served(wanted(), limit())).chainPem).toBe(third.chainPem);
  });
});
