import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refusesMore } from "./index.ts";
import { createApplicationFixture, type ApplicationCa, type ApplicationFixture } from "./testing/application-files.ts";
import { createFixture, DAY_MS, signal, type Fixture } from "./testing/fixture.ts";

let fixture: Fixture;
let ecs: ApplicationFixture;
let ca: ApplicationCa;
beforeEach(async () => {
  fixture = await createFixture();
  ecs = await createApplicationFixture(fixture);
  ca = await ecs.makeAuthority();
});
afterEach(() => fixture.remove());

const look = () => ecs.application.look(signal);
const later = (days: number) => (fixture.clock.now = new Date(fixture.clock.now.getTime() + days * DAY_MS));

async function putGood() {
  await ecs.put("ca.cert.pem", ca.caPem);
  await ecs.put("crl.pem", await ca.crl({ number: 5, serials: ["01"] }));
  const { bundle, problem } = await look();
  expect(problem).toBeNull();
  return bundle!;
}

describe("what the application offers", () => {
  it("is nothing at first, which is no failure, and also where its folder is not there yet", async () => {
    expect(await look()).toEqual({ bundle: null, problem: null });
    rmSync(ecs.source, { recursive: true });
    expect(await look()).toEqual({ bundle: null, problem: null });
  });

  it("is taken once authority and list are there and fit, without any text around them", async () => {
    await ecs.put("ca.cert.pem", `Certificate:\n    Data: …\n${ca.caPem}`);
    expect(await look()).toMatchObject({ bundle: null, problem: { code: "APPLICATION_CRL_MISSING" } });
    await ecs.put("crl.pem", await ca.crl({ serials: ["01"] }));
    const { bundle, problem } = await look();
    expect([problem, bundle?.caPem, bundle?.revoked.size]).toEqual([null, ca.caPem, 1]);
  });

  it("tells whether somebody is refused who was let in before", async () => {
    const before = await putGood();
    await ecs.put("crl.pem", await ca.crl({ number: 6, serials: ["01"] }));
    const same = (await look()).bundle;
    await ecs.put("crl.pem", await ca.crl({ number: 7, serials: ["01", "02"] }));
    const more = (await look()).bundle;
    expect([refusesMore(before, same), refusesMore(same, more), refusesMore(more, same)]).toEqual([false, true, false]);
  });

  it("is taken also while it cannot be kept, since a revocation must not wait for room on a disk", async () => {
    await ecs.put("ca.cert.pem", ca.caPem);
    await ecs.put("crl.pem", await ca.crl({ serials: ["01"] }));
    writeFileSync(join(fixture.root, "kept"), "in the way");
    expect(await look()).toMatchObject({ bundle: { caPem: ca.caPem }, problem: { code: "FILE_NOT_WRITTEN" } });
    rmSync(join(fixture.root, "kept"));
    expect(await look()).toMatchObject({ bundle: { caPem: ca.caPem }, problem: null });
  });

  it("may change its authority, with both accepted meanwhile and a lower number on the new list", async () => {
    await putGood();
    const next = await ecs.makeAuthority();
    await ecs.put("ca.cert.pem", ca.caPem + next.caPem);
    expect((await look()).problem).toMatchObject({ code: "APPLICATION_CRL_MISSING" });
    await ecs.put("crl.pem", (await next.crl({ number: 1 })) + (await ca.crl({ number: 6 })));
    expect(await look()).toMatchObject({ problem: null, bundle: { authorities: [{}, {}] } });
    await ecs.put("ca.cert.pem", next.caPem);
    expect(await look()).toMatchObject({ problem: null, bundle: { caPem: next.caPem } });
  });
});

describe("what is broken", () => {
  const cases: [string, string, (good: { ca: string; crl: string }) => unknown][] = [
    ["an empty list", "APPLICATION_CRL_BROKEN", () => ecs.put("crl.pem", "")],
    ["a list in DER", "APPLICATION_CRL_BROKEN", ({ crl }) => ecs.put("crl.pem", derOf(crl))],
    ["a list of random bytes", "APPLICATION_CRL_BROKEN", () => ecs.put("crl.pem", Buffer.alloc(4000, 0xa5))],
    ["a list with another inside", "APPLICATION_CRL_BROKEN", ({ crl }) => ecs.put("crl.pem", bent(crl))],
    ["an expired list", "APPLICATION_CRL_ENDED", async () => ecs.put("crl.pem", await ca.crl({ from: -5, until: 0 }))],
    ["a list from tomorrow", "APPLICATION_CRL_ENDED", async () => ecs.put("crl.pem", await ca.crl({ from: 1 }))],
    ["a lower number", "APPLICATION_CRL_OLDER", async () => ecs.put("crl.pem", await ca.crl({ number: 4 }))],
    ["an older date", "APPLICATION_CRL_OLDER", async () => ecs.put("crl.pem", await ca.crl({ number: 9, from: -1 }))],
    ["no list", "APPLICATION_CRL_MISSING", () => rmSync(join(ecs.source, "crl.pem"))],
    ["nothing any more", "APPLICATION_CA_MISSING", () => rmSync(ecs.source, { recursive: true })],
    ["an empty authority", "APPLICATION_CA_BROKEN", () => ecs.put("ca.cert.pem", "")],
    ["a damaged authority", "APPLICATION_CA_BROKEN", ({ ca: pem }) => ecs.put("ca.cert.pem", bent(pem))],
    [
      "its key",
      "APPLICATION_CA_BROKEN",
      ({ ca: pem }) => ecs.put("ca.cert.pem", `${pem}-----BEGIN PRIVATE KEY-----\n`),
    ],
    ["no authority", "APPLICATION_CA_BROKEN", () => ecs.put("ca.cert.pem", ownCertificate("CA:FALSE"))],
    ["a folder", "APPLICATION_CA_UNREADABLE", () => replaced("crl.pem", (path) => mkdirSync(path))],
    ["a FIFO", "APPLICATION_CA_UNREADABLE", () => replaced("crl.pem", (path) => execFileSync("mkfifo", [path]))],
    [
      "a link to outside",
      "APPLICATION_CA_UNREADABLE",
      () => replaced("crl.pem", (path) => symlinkSync("/etc/hosts", path)),
    ],
    ["1 TB", "APPLICATION_CA_UNREADABLE", () => replaced("crl.pem", (path) => huge(path))],
  ];

  it.each(cases)("%s is refused as %s, and what was good stays, also after a restart", async (_what, code, spoil) => {
    const good = await putGood();
    await spoil({ ca: good.caPem, crl: good.crlPem });
    const { bundle, problem } = await look();
    expect(problem).toMatchObject({
      code,
      message: expect.stringMatching(/\.$/),
      remedy: expect.stringMatching(/\.$/),
    });
    expect(bundle).toEqual(good);
  });

  it("a list of another authority with the same name is refused", async () => {
    const good = await putGood();
    await ecs.put("crl.pem", await (await ecs.makeAuthority()).crl({ number: 99 }));
    expect(await look()).toMatchObject({ bundle: good, problem: { code: "APPLICATION_CRL_MISSING" } });
  });

  it("an authority that may not sign lists is refused, as a server would refuse everybody", async () => {
    const keyFile = join(fixture.root, "weak.pem");
    const caPem = ownCertificate("CA:TRUE", ["-addext", "keyUsage=keyCertSign"], keyFile);
    await ecs.put("ca.cert.pem", caPem);
    await ecs.put("crl.pem", listOf(caPem, keyFile));
    expect(await look()).toMatchObject({ bundle: null, problem: { code: "APPLICATION_CA_BROKEN" } });
  });

  it("a list that is written slowly is refused wherever it is cut, and taken when it is whole", async () => {
    const good = await putGood();
    const next = await ca.crl({ number: 8, serials: ["01", "02"] });
    for (let cut = 0; cut < next.length - 1; cut += 37) {
      await ecs.put("crl.pem", next.slice(0, cut));
      expect(await look(), `cut at ${cut}`).toMatchObject({
        bundle: good,
        problem: { code: "APPLICATION_CRL_BROKEN" },
      });
    }
    await ecs.put("crl.pem", next);
    expect(await look()).toMatchObject({ problem: null, bundle: { crlPem: next } });
  });

  it("an authority that has ended is refused with its last list kept", async () => {
    const short = await ecs.makeAuthority({ until: 10 });
    await ecs.put("ca.cert.pem", short.caPem);
    await ecs.put("crl.pem", await short.crl());
    const good = (await look()).bundle;
    later(11);
    expect(await look()).toMatchObject({ bundle: good, problem: { code: "APPLICATION_CA_ENDED" } });
  });
});

function replaced(name: string, make: (path: string) => void) {
  rmSync(join(ecs.source, name));
  make(join(ecs.source, name));
}

const derOf = (pem: string) => execFileSync("openssl", ["crl", "-outform", "DER"], { input: pem });
const bent = (pem: string) => pem.replace(/\n(.{20})(.{20})/, "\n$2$1");

function huge(path: string) {
  writeFileSync(path, "");
  truncateSync(path, 1e12);
}

function ownCertificate(
  constraint: string,
  more: readonly string[] = [],
  keyFile = join(fixture.root, "own.pem"),
): string {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", keyFile];
  const what = ["-subj", "/CN=own", "-addext", `basicConstraints=critical,${constraint}`, ...more];
  // Without a configuration of its own, openssl adds constraints by itself.
  const config = join(fixture.root, "own.cnf");
  writeFileSync(config, "[req]\ndistinguished_name=empty\n[empty]\n");
  const args = ["req", "-x509", "-config", config, "-days", "9999", ...key, ...what];
  const pem = execFileSync("openssl", args, { stdio: "pipe" }).toString();
  fixture.clock.now = new Date(); // it is valid from the true now on
  return pem;
}

function listOf(caPem: string, keyFile: string): string {
  const file = (name: string, text: string) => writeFileSync(join(fixture.root, name), text);
  file("weak.cnf", "[ca]\ndefault_ca=d\n[d]\ndatabase=weak.txt\ndefault_md=sha256\ndefault_crl_days=30\n");
  file("weak.txt", "");
  file("weak-ca.pem", caPem);
  const args = ["ca", "-gencrl", "-config", "weak.cnf", "-cert", "weak-ca.pem", "-keyfile", keyFile];
  return execFileSync("openssl", args, { cwd: fixture.root, stdio: "pipe" }).toString();
}
