import { X509Certificate, createPrivateKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificateId, createAccountKey, createAcme, type Acme, type Account } from "./index.ts";
import { obtain } from "./testing/example.ts";
import { createCsr, startChallengeServer, startFaultProxy, startPebble } from "./testing/index.ts";
import type { ChallengeServer, FaultProxy, Pebble } from "./testing/index.ts";

const LIMIT = () => AbortSignal.timeout(50_000);
const terms = { termsOfServiceAgreed: true };

let pebble: Pebble;
let proxy: FaultProxy;
let challenges: ChallengeServer;
let acme: Acme;
let account: Account;

beforeAll(async () => {
  pebble = await startPebble({
    nonceReject: 50,
    sleepSeconds: 2,
    alternateRoots: 1,
    blockedNames: ["blocked.example"],
  });
  proxy = await startFaultProxy(pebble);
  challenges = await startChallengeServer(pebble.httpPort);
  acme = createAcme({ directoryUrl: proxy.directoryUrl, ca: pebble.ca, retryDelayMs: 50 });
  account = await acme.openAccount({ key: createAccountKey(), ...terms }, LIMIT());
});

afterAll(async () => {
  await challenges.stop();
  await proxy.stop();
  await pebble.stop();
});

/** A certificate for these names, with a new key. */
async function issue(names: string[], of = account, preferredIssuer?: string) {
  const { csr, key } = await createCsr(names);
  const order = await of.newOrder({ names }, LIMIT());
  return { order, key, chain: await of.complete(order, { csr, challenges, preferredIssuer }, LIMIT()) };
}

describe("a certificate", () => {
  it("for several names is issued although every second nonce is rejected", async () => {
    const { chain, key } = await issue(["a.example", "b.example"]);
    const [leaf, issuer] = chain.certificates;
    expect(leaf.subjectAltName).toBe("DNS:a.example, DNS:b.example");
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    const root = new X509Certificate(await pebble.root());
    expect(issuer?.verify(root.publicKey)).toBe(true);
    expect(chain.pem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it("is had as the README says, and leaves no challenge behind", async () => {
    const { csr } = await createCsr(["a.example", "b.example"]);
    const pem = await obtain(proxy.directoryUrl, pebble.ca, createAccountKey(), csr, challenges);
    expect(new X509Certificate(pem).subjectAltName).toBe("DNS:a.example, DNS:b.example");
    expect(challenges.present.size).toBe(0);
  });

  it("comes with the chain of the preferred issuer, and with the usual one where there is no such issuer", async () => {
    const other = commonName(await pebble.root(1));
    const { chain, order } = await issue(["d.example"], account, other);
    expect(chain.issuer).toBe(other);
    expect(chain.certificates[1]?.verify(new X509Certificate(await pebble.root(1)).publicKey)).toBe(true);
    const again = await account.resumeOrder(order.url, LIMIT());
    const usual = await account.certificate(again, { preferredIssuer: "Nobody's Root" }, LIMIT());
    expect(usual.issuer).toBe(commonName(await pebble.root()));
  });

  it("is fetched again by the URL of its order, and no second one is made", async () => {
    const { chain, order } = await issue(["e.example"]);
    const fresh = createAcme({ directoryUrl: proxy.directoryUrl, ca: pebble.ca, retryDelayMs: 50 });
    const same = await fresh.openAccount({ key: keyOfLast, ...terms }, LIMIT());
    const orders = ordersSeen();
    await expect(same.resumeOrder(order.url, LIMIT())).rejects.toMatchObject({ code: "ACME_ORDER_GONE" });
    const resumed = await account.resumeOrder(order.url, LIMIT());
    const { csr } = await createCsr(["e.example"]);
    const fetched = await account.complete(resumed, { csr, challenges }, LIMIT());
    expect(fetched.certificates[0].serialNumber).toBe(chain.certificates[0].serialNumber);
    expect(ordersSeen()).toBe(orders);
  });

  it("can be revoked, twice without complaint", async () => {
    const { chain } = await issue(["f.example"]);
    const [leaf] = chain.certificates;
    await account.revoke(leaf, 4, LIMIT());
    await account.revoke(leaf, 4, LIMIT());
    expect(await pebble.statusOf(leaf.serialNumber)).toBe("Revoked");
  });
});

describe("names that cannot be proven", () => {
  it("are reported each by itself, and the challenges of all are taken away", async () => {
    await pebble.failDns("lost.example");
    await pebble.setAddress("elsewhere.example", "127.0.0.9");
    const failed = issue(["good.example", "lost.example", "elsewhere.example"]);
    await expect(failed).rejects.toMatchObject({
      code: "ACME_VALIDATION_FAILED",
      failures: expect.arrayContaining([
        expect.objectContaining({ name: "lost.example", detail: expect.stringContaining("resolve") as string }),
        expect.objectContaining({ name: "elsewhere.example", type: "connection" }),
      ]) as unknown,
      message: expect.stringContaining("2 of 3 names") as string,
    });
    expect(challenges.present.size).toBe(0);
  });

  it("are told when the authority refuses them at once", async () => {
    const refused = account.newOrder({ names: ["blocked.example"] }, LIMIT());
    await expect(refused).rejects.toMatchObject({ code: "ACME_NAMES_REFUSED" });
  });

  it("are told of a wildcard, which has no HTTP challenge", async () => {
    await expect(issue(["*.example.org"])).rejects.toMatchObject({
      code: "ACME_VALIDATION_FAILED",
      failures: [{ name: "example.org", type: "noHttpChallenge" }],
    });
  });
});

describe("an account", () => {
  it("is found again by its key", async () => {
    const key = createAccountKey();
    const made = await acme.openAccount({ key, ...terms, contact: ["mailto:a@example.org"] }, LIMIT());
    const found = await acme.openAccount({ key, ...terms, contact: ["mailto:b@example.org"] }, LIMIT());
    expect(found.url).toBe(made.url);
    expect(proxy.seen.at(-1)?.payload).toEqual({ contact: ["mailto:b@example.org"] });
  });

  it("goes on with another key", async () => {
    const [oldKey, newKey] = [createAccountKey(), createAccountKey()];
    const before = await acme.openAccount({ key: oldKey, ...terms }, LIMIT());
    await before.changeKey(newKey, LIMIT());
    const after = await acme.openAccount({ key: newKey, ...terms }, LIMIT());
    expect(after.url).toBe(before.url);
  });

  it("that was ended says so", async () => {
    const key = createAccountKey();
    const ended = await acme.openAccount({ key, ...terms }, LIMIT());
    await ended.deactivate(LIMIT());
    const opened = acme.openAccount({ key, ...terms }, LIMIT());
    await expect(opened).rejects.toMatchObject({ code: "ACME_ACCOUNT_ENDED" });
  });
});

describe("renewal information", () => {
  it("names the window, why, and when to ask again; the new order names what it replaces, and the profile", async () => {
    const suggestedWindow = { start: "2026-03-01T00:00:00Z", end: "2026-03-02T00:00:00Z" };
    const asked: string[] = [];
    proxy.offer({
      profiles: { shortlived: "160 hours" },
      renewalInfo: (id) => {
        asked.push(id);
        const body = JSON.stringify({ suggestedWindow, explanationURL: "https://ca.example/why" });
        return { answer: 200, body, headers: { "retry-after": "21600" } };
      },
    });
    const key = createAccountKey();
    const { chain } = await issue(["g.example"], await acme.openAccount({ key, ...terms }, LIMIT()));
    const [leaf] = chain.certificates;
    const now = Date.parse("2026-02-01T00:00:00Z");
    const renewing = createAcme({ directoryUrl: proxy.directoryUrl, ca: pebble.ca, retryDelayMs: 50, now: () => now });
    expect(await renewing.renewalInfo(leaf, LIMIT())).toEqual({
      start: new Date(suggestedWindow.start),
      end: new Date(suggestedWindow.end),
      explanationUrl: "https://ca.example/why",
      askAgainAt: new Date("2026-02-01T06:00:00Z"),
    });
    expect(asked).toEqual([certificateId(leaf)]);
    const names = ["g.example"];
    const same = await renewing.openAccount({ key, ...terms }, LIMIT());
    await same.newOrder({ names, profile: "shortlived", replaces: certificateId(leaf) }, LIMIT());
    expect(proxy.seen.at(-1)?.payload).toMatchObject({ profile: "shortlived", replaces: certificateId(leaf) });
    const wrong = same.newOrder({ names, profile: "eternal" }, LIMIT());
    await expect(wrong).rejects.toMatchObject({ code: "ACME_PROFILE_UNKNOWN", remedy: "Choose one of: shortlived." });
  });
});

describe("an external account binding", () => {
  const hmacKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

  it("is asked for where the authority needs one, is refused when wrong, and opens the account when right", async () => {
    const bound = await startPebble({ bindings: { "kid-1": hmacKey } });
    try {
      const client = createAcme({ directoryUrl: bound.directoryUrl, ca: bound.ca });
      const open = (binding?: { keyId: string; hmacKey: string }) =>
        client.openAccount({ key: createAccountKey(), ...terms, externalAccountBinding: binding }, LIMIT());
      await expect(open()).rejects.toMatchObject({ code: "ACME_BINDING_REQUIRED" });
      await expect(open({ keyId: "kid-1", hmacKey: "d3Jvbmc" })).rejects.toMatchObject({
        code: "ACME_BINDING_REFUSED",
      });
      expect((await open({ keyId: "kid-1", hmacKey })).url).toMatch(/^https:/);
    } finally {
      await bound.stop();
    }
  });
});

const keyOfLast = createAccountKey();
const ordersSeen = () => proxy.seen.filter(({ path }) => path === "/order-plz").length;
const commonName = (pem: string) => /CN=(.*)/.exec(new X509Certificate(pem).issuer)?.[1];
