import { createPrivateKey } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AcmeError, createAccountKey, createAcme, type AcmeOptions } from "./index.ts";
import { createCsr, startChallengeServer, startFaultProxy, startPebble } from "./testing/index.ts";
import type { ChallengeServer, Fault, FaultProxy, Pebble } from "./testing/index.ts";

const LIMIT = () => AbortSignal.timeout(15_000);
const key = createAccountKey();
const terms = { termsOfServiceAgreed: true };
const names = ["a.example"];

let pebble: Pebble;
let proxy: FaultProxy;
let challenges: ChallengeServer;

beforeAll(async () => {
  pebble = await startPebble();
  challenges = await startChallengeServer(pebble.httpPort);
});
beforeEach(async () => {
  proxy = await startFaultProxy(pebble);
});
afterEach(() => proxy.stop());
afterAll(async () => {
  await challenges.stop();
  await pebble.stop();
});

const connect = (options: Partial<AcmeOptions> = {}) =>
  createAcme({ directoryUrl: proxy.directoryUrl, ca: pebble.ca, retryDelayMs: 20, ...options });
const caught = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (thrown: unknown) => thrown,
  );

describe("an authority that never answers well", () => {
  it.each<[string, Fault, object]>([
    ["no answer", { hang: true }, { code: "ACME_UNREACHABLE", message: /no whole answer within 0.2 s/ }],
    ["an answer byte by byte", { dribbleMs: 20 }, { code: "ACME_UNREACHABLE", message: /no whole answer/ }],
    ["a cut connection", { cut: "after" }, { code: "ACME_UNREACHABLE", message: /ECONNRESET/ }],
    ["2 MiB", { answer: 200, body: "x".repeat(2 ** 21) }, { code: "ACME_ANSWER_UNREADABLE", message: /1 MiB/ }],
    ["HTML", { answer: 200, body: "<html>" }, { code: "ACME_ANSWER_UNREADABLE", message: /no JSON/ }],
    ["a directory of nothing", { answer: 200, body: "{}" }, { code: "ACME_ANSWER_UNREADABLE", message: /newNonce/ }],
    ["500", { answer: 500, body: "<html>" }, { code: "ACME_SERVER_ERROR", message: /status 500/ }],
  ])(
    "but with %s is asked four times and no more",
    async (_, fault, { code, message }: { code?: string; message?: RegExp }) => {
      proxy.always("/dir", fault);
      const error = await caught(connect({ requestTimeoutMs: 200 }).directory(LIMIT()));
      expect(error).toMatchObject({ code, message: expect.stringMatching(message ?? /^$/) as string });
      expect(proxy.seen.length).toBe(4);
    },
  );

  it("but leads round in circles is not followed for ever", async () => {
    proxy.always("/dir", { answer: 302, headers: { location: "/dir" } });
    const error = await caught(connect().directory(LIMIT()));
    expect(error).toMatchObject({ code: "ACME_ANSWER_UNREADABLE" });
    expect(proxy.seen.length).toBe(16);
  });

  it("is not trusted without a certificate that is known", async () => {
    const error = await caught(createAcme({ directoryUrl: proxy.directoryUrl }).directory(LIMIT()));
    expect(error).toMatchObject({ code: "ACME_UNTRUSTED" });
  });

  it.each(["http://127.0.0.1/dir", "nonsense", "file:///etc/passwd"])("is not asked at '%s'", async (directoryUrl) => {
    expect(await caught(connect({ directoryUrl }).directory(LIMIT()))).toMatchObject({ code: "ACME_URL_INVALID" });
  });
});

describe("nonces", () => {
  it("may be rejected any number of times: the caller's signal alone ends it, and it storms nobody", async () => {
    const body = JSON.stringify({ type: "urn:ietf:params:acme:error:badNonce" });
    proxy.always("/sign-me-up", { answer: 400, body });
    const signal = AbortSignal.timeout(3000);
    expect(await caught(connect().openAccount({ key, ...terms }, signal))).toBe(signal.reason);
    const asked = proxy.seen.filter(({ path }) => path === "/sign-me-up").length;
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(60);
  });
});

describe("an abort", () => {
  it("in the middle of a validation takes the challenge away and throws the caller's reason", async () => {
    const account = await connect().openAccount({ key, ...terms }, LIMIT());
    const order = await account.newOrder({ names }, LIMIT());
    const { csr } = await createCsr(names);
    proxy.always("/chalZ/", { hang: true });
    const controller = new AbortController();
    const working = caught(account.complete(order, { csr, challenges }, controller.signal));
    while (challenges.present.size === 0) await sleep(10, undefined, { signal: LIMIT() });
    controller.abort("the agent is stopping");
    expect(await working).toBe("the agent is stopping");
    expect(challenges.present.size).toBe(0);
  });
});

describe("secrets", () => {
  it("stand in no error and in no object that could be logged", async () => {
    const hmacKey = Buffer.from("the key of the binding").toString("base64url");
    const account = await connect().openAccount({ key, ...terms }, LIMIT());
    proxy.always("/order-plz", { cut: "after" });
    proxy.always("/sign-me-up", { answer: 500 });
    const errors = [
      await caught(account.newOrder({ names }, LIMIT())),
      await caught(
        connect().openAccount({ key, ...terms, externalAccountBinding: { keyId: "kid", hmacKey } }, LIMIT()),
      ),
    ];
    expect(errors).toEqual([expect.any(AcmeError), expect.any(AcmeError)]);
    const shown = inspect([account, errors], { depth: 20, showHidden: true, maxStringLength: null });
    const { d = "" } = createPrivateKey(key).export({ format: "jwk" });
    for (const secret of [d, hmacKey, key.split("\n")[1] ?? ""]) expect(shown).not.toContain(secret);
  });
});

describe("renewal information that is of no use", () => {
  const window = (start: string, end: string) => ({
    answer: 200,
    body: JSON.stringify({ suggestedWindow: { start, end } }),
  });

  it.each<[string, Fault, string]>([
    ["ends before it starts", window("2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z"), "ACME_ANSWER_UNREADABLE"],
    ["has no dates", window("soon", "later"), "ACME_ANSWER_UNREADABLE"],
    ["is junk", { answer: 200, body: "\u0000junk" }, "ACME_ANSWER_UNREADABLE"],
    ["is not there", { answer: 404 }, "ACME_REFUSED"],
    ["breaks the server", { answer: 500 }, "ACME_SERVER_ERROR"],
  ])("because it %s is an error to fall back from", async (_, fault, code) => {
    proxy.offer({ renewalInfo: () => fault });
    expect(await caught(connect().renewalInfo(await certificate(), LIMIT()))).toMatchObject({ code });
  });

  it("because there is none at this authority is no error", async () => {
    proxy.offer({});
    expect(await connect().renewalInfo(await certificate(), LIMIT())).toBeUndefined();
  });

  async function certificate() {
    const account = await connect().openAccount({ key, ...terms }, LIMIT());
    const { csr } = await createCsr(names);
    const order = await account.newOrder({ names }, LIMIT());
    return (await account.complete(order, { csr, challenges }, LIMIT())).certificates[0];
  }
});
