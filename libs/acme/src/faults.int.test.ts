import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAccountKey, createAcme, type AcmeOptions } from "./index.ts";
import { createCsr, startChallengeServer, startFaultProxy, startPebble } from "./testing/index.ts";
import type { ChallengeServer, Fault, FaultProxy, Pebble } from "./testing/index.ts";

const LIMIT = () => AbortSignal.timeout(15_000);
const key = createAccountKey();
const names = ["a.example"];
const HTML: Fault = { answer: 200, body: "<html>Please log in</html>" };

let pebble: Pebble;
let proxy: FaultProxy;
let challenges: ChallengeServer;
let csr: Buffer;

beforeAll(async () => {
  pebble = await startPebble();
  challenges = await startChallengeServer(pebble.httpPort);
  ({ csr } = await createCsr(names));
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
const open = (options: Partial<AcmeOptions> = {}, signal = LIMIT()) =>
  connect(options).openAccount({ key, termsOfServiceAgreed: true }, signal);
async function issue(options: Partial<AcmeOptions> = {}) {
  const account = await open(options);
  const order = await account.newOrder({ names }, LIMIT());
  return account.complete(order, { csr, challenges }, LIMIT());
}
const seen = (path: string) => proxy.seen.filter((request) => request.path.startsWith(path));

describe("a fault that passes", () => {
  it.each(["/dir", "/nonce-plz", "/sign-me-up", "/authZ/", "/chalZ/", "/finalize-order/", "/my-order/", "/certZ/"])(
    "at %s costs no certificate and no second order",
    async (path) => {
      proxy.next(path, { cut: "before" }, { cut: "after" }, { answer: 500, body: "<html>oops</html>" });
      expect((await issue()).certificates[0].subjectAltName).toBe("DNS:a.example");
      expect(seen("/order-plz").length).toBe(1);
    },
  );

  it.each<[string, Fault]>([
    ["an answer that ends midway", { cut: "midway" }],
    ["a page of HTML in place of an answer", HTML],
    ["503 without a word", { answer: 503 }],
  ])("may be %s", async (_, fault) => {
    proxy.next("/my-order/", fault, fault);
    expect((await issue()).certificates.length).toBe(2);
  });

  it("may be an authority that has moved its directory", async () => {
    proxy.next("/dir", { answer: 301, headers: { location: "/dir?moved" } });
    expect((await issue()).certificates.length).toBe(2);
  });
});

describe("Retry-After", () => {
  it.each<[string, number, () => string]>([
    ["seconds", 503, () => "1"],
    ["a date", 429, () => new Date(Date.now() + 2000).toUTCString()],
  ])("as %s with %i is waited for, and nothing is asked before", async (_, answer, value) => {
    proxy.next("/order-plz", { answer, headers: { "retry-after": value() } });
    await issue();
    const [refused, next] = seen("/order-plz");
    expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(980);
  });

  it("that is too far is handed to the caller, and nothing more is asked", async () => {
    const account = await open();
    proxy.next("/order-plz", { answer: 429, headers: { "retry-after": "3600" } });
    const before = Date.now();
    const error: unknown = await account.newOrder({ names }, LIMIT()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ACME_RATE_LIMITED", retryAt: expect.any(Date) as Date });
    const { retryAt } = error as { retryAt: Date };
    expect(retryAt.getTime() - before).toBeGreaterThanOrEqual(3_600_000);
    expect(seen("/order-plz").length).toBe(1);
  });

  it("of an authority that stays busy ends with the patience", async () => {
    proxy.always("/dir", { answer: 503, headers: { "retry-after": "0" } });
    await expect(issue({ patienceMs: 300 })).rejects.toMatchObject({ code: "ACME_BUSY" });
  });
});

describe("an order", () => {
  it("whose answer was lost is not made a second time", async () => {
    const account = await open();
    proxy.next("/order-plz", { cut: "after" });
    await expect(account.newOrder({ names }, LIMIT())).rejects.toMatchObject({ code: "ACME_UNREACHABLE" });
    expect(seen("/order-plz").length).toBe(1);
  });

  it("that stays processing is given up, and taken up again by its URL in another process", async () => {
    const account = await open({ pollLimitMs: 500 });
    const order = await account.newOrder({ names }, LIMIT());
    const busy = (body: string) => body.replace(/"status": *"(valid|ready)"/, '"status":"processing"');
    proxy.always("/my-order/", { change: busy });
    proxy.always("/finalize-order/", { change: busy });
    const given = account.complete(order, { csr, challenges }, LIMIT());
    await expect(given).rejects.toMatchObject({ code: "ACME_ORDER_STUCK", orderUrl: order.url });
    proxy.heal();
    const later = await open();
    const resumed = await later.resumeOrder(order.url, LIMIT());
    const chain = await later.complete(resumed, { csr, challenges }, LIMIT());
    expect(chain.certificates[0].subjectAltName).toBe("DNS:a.example");
  });

  it("that the authority ends says why", async () => {
    const account = await open();
    const order = await account.newOrder({ names }, LIMIT());
    const error = { type: "urn:ietf:params:acme:error:caa", detail: "CAA forbids" };
    const change = (body: string) => JSON.stringify({ ...(JSON.parse(body) as object), status: "invalid", error });
    proxy.always("/my-order/", { change });
    const failed = account.complete(order, { csr, challenges }, LIMIT());
    await expect(failed).rejects.toMatchObject({
      code: "ACME_ORDER_FAILED",
      message: "The certificate authority ended the order: CAA forbids.",
      problem: { type: "caa" },
    });
  });

  it("with a token that leads out of the folder never reaches the caller", async () => {
    const change = (body: string) => body.replace(/"token": *"[^"]+"/g, '"token":"../../etc/cron.d/x"');
    proxy.always("/authZ/", { change });
    const placed = challenges.placed.length;
    await expect(issue()).rejects.toMatchObject({ code: "ACME_ANSWER_UNREADABLE" });
    expect(challenges.placed.length).toBe(placed);
  });

  it("with a chain in the wrong order is refused", async () => {
    const change = (body: string) =>
      (body.match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/g) ?? []).toReversed().join("");
    proxy.next("/certZ/", { change });
    await expect(issue()).rejects.toMatchObject({ code: "ACME_CHAIN_BROKEN" });
  });
});
