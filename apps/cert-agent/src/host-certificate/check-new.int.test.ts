import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { runCommand } from "@appliance/command";
import { beforeAll, describe, expect, it } from "vitest";
import { checkNew } from "./check-new.ts";
import { readKeyPair, type KeyPair } from "./key-pair.ts";
import { createOpenssl } from "./openssl.ts";

const NOW = new Date(Date.now() + 1000);
const DAY_MS = 86_400_000;
const openssl = createOpenssl({ run: runCommand });

async function make(days: number, names = ["a.test", "b.test"]): Promise<KeyPair> {
  const { keyPem, certificatePem } = await openssl.selfSigned(names, days, AbortSignal.timeout(20_000));
  const pair = readKeyPair(keyPem, certificatePem);
  if ("unfit" in pair) throw new Error(pair.unfit);
  return pair;
}

let month: KeyPair;
let week: KeyPair;
beforeAll(async () => {
  [week, month] = await Promise.all([make(7), make(30)]);
});

const check = (pair: KeyPair, chain = [pair.leaf], changes: Partial<Parameters<typeof checkNew>[2]> = {}) =>
  checkNew(pair, chain, { names: ["a.test", "b.test"], before: undefined, now: NOW, ...changes });

describe("a certificate that an authority delivers", () => {
  it("is taken when all is right, also in place of one that ends sooner", () => {
    expect(() => check(month)).not.toThrow();
    expect(() => check(month, [month.leaf], { before: week.leaf })).not.toThrow();
  });

  it.each<[what: string, run: () => void, reason: string]>([
    [
      "lacks a name",
      () => check(month, [month.leaf], { names: ["a.test", "c.test"] }),
      "a.test, b.test and not c.test",
    ],
    ["is the present one again", () => check(month, [month.leaf], { before: month.leaf }), "not newer"],
    ["begins tomorrow", () => check(month, [month.leaf], { now: new Date(NOW.getTime() - DAY_MS) }), "valid only from"],
    ["has ended", () => check(week, [week.leaf], { now: new Date(NOW.getTime() + 8 * DAY_MS) }), "ended at"],
    ["has an issuer that did not sign it", () => check(month, [month.leaf, week.leaf]), "chain is broken"],
  ])("and that %s is refused", (_what, run, reason) => {
    expect(run).toThrow(reason);
  });

  it("and that only bears the name of a known root is refused", () => {
    const subject = "/C=US/O=Internet Security Research Group/CN=ISRG Root X1";
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-"];
    const names = ["-addext", "subjectAltName=DNS:a.test"];
    const printed = execFileSync("openssl", ["req", "-x509", ...key, "-subj", subject, ...names], { stdio: "pipe" });
    const pair = readKeyPair(printed.toString(), printed.toString());
    if ("unfit" in pair) throw new Error(pair.unfit);
    expect(() => check(pair, [pair.leaf], { names: ["a.test"] })).toThrow("below a root whose key did not sign it");
    expect(new X509Certificate(pair.chainPem).issuer).toContain("ISRG Root X1");
  });
});
