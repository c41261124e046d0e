import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Asked } from "../src/host-certificate/index.ts";
import { recordingPut, startAuthority, type Authority } from "./support/authority.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const YEAR_MS = 365 * DAY_MS;
const CERTIFICATE = "/certZ/";
const canMount = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
const limit = () => AbortSignal.timeout(50_000);

let authority: Authority;
const service = recordingPut();
afterEach(() => {
  service.given.splice(0);
  return authority.stop();
});

const renew = (asked: Asked = "by nobody", wanted: Parameters<typeof agentRenew>[0] = authority.wanted) =>
  agentRenew(wanted, asked);
const agentRenew = (wanted: Parameters<ReturnType<Authority["agent"]>["renew"]>[0], asked: Asked) =>
  authority.agent().renew(wanted, { asked, put: service.put }, limit());

describe("a process that is killed", () => {
  it("between the finalization of an order and the end has its certificate fetched by the next one, without a second order", async () => {
    authority = await startAuthority();
    authority.proxy.next(CERTIFICATE, { hang: true });
    const child = startChild([process.execPath, RENEW_ONCE]);
    await until(() => authority.proxy.seen.some(({ path }) => path.startsWith(CERTIFICATE)));
    process.kill(-(child.pid ?? 0), "SIGKILL");
    await once(child, "exit");
    expect(await renew()).toEqual({ outcome: "renewed" });
    expect(authority.orders()).toBe(1);
    expect(service.given).toHaveLength(1);
    expect(readdirSync(authority.challengeFolder)).toEqual([]);
  });

  it("twenty times over orders once", async () => {
    authority = await startAuthority();
    authority.proxy.always(CERTIFICATE, { hang: true });
    for (let round = 0; round < 20; round += 1) {
      const stop = new AbortController();
      const asked = authority.proxy.seen.filter(({ path }) => path.startsWith(CERTIFICATE)).length;
      const renewal = authority.agent().renew(authority.wanted, { asked: "by nobody", put: service.put }, stop.signal);
      const ended = renewal.then(
        () => "by itself",
        (error: unknown) => String(error),
      );
      await until(() => authority.proxy.seen.filter(({ path }) => path.startsWith(CERTIFICATE)).length > asked);
      stop.abort(new Error("the agent is stopping"));
      expect(await ended).toContain("the agent is stopping");
    }
    authority.proxy.heal();
    expect(await renew()).toEqual({ outcome: "renewed" });
    expect(authority.orders()).toBe(1);
  });
});

describe("an authority that refuses", () => {
  it("until a moment is not asked before it, not even for a person", async () => {
    authority = await startAuthority();
    authority.proxy.next("/order-plz", { answer: 429, headers: { "retry-after": "3600" }, body: "{}" });
    expect(await renew()).toMatchObject({ outcome: "failed", code: "ACME_RATE_LIMITED" });
    const asked = authority.proxy.seen.length;
    authority.clock.aheadMs = 30 * MINUTE_MS;
    expect(await renew("in any case")).toMatchObject({ outcome: "not due", until: expect.any(String) as string });
    expect(authority.proxy.seen).toHaveLength(asked);
    authority.clock.aheadMs = 61 * MINUTE_MS;
    expect(await renew()).toEqual({ outcome: "renewed" });
  });

  it("for no reason is asked again after 1, 10 and 100 minutes, also by processes that know nothing of each other", async () => {
    authority = await startAuthority();
    authority.proxy.always("/order-plz", { answer: 503, body: "<html>" });
    const outcomes: boolean[] = [];
    for (const minutes of [0, 0.5, 1.1, 5, 11.5, 60, 112]) {
      authority.clock.aheadMs = minutes * MINUTE_MS;
      outcomes.push((await renew()).outcome === "failed");
    }
    expect(outcomes).toEqual([true, false, true, false, true, false, true]);
    const { renewal } = await authority.agent().status(authority.wanted);
    expect(renewal).toMatchObject({ failures: 4, lastError: { code: "ACME_SERVER_ERROR" } });
  });

  it("that is away is looked at again within the hour, and asked at once when it is back", async () => {
    authority = await startAuthority();
    authority.proxy.always("/dir", { cut: "before" });
    for (const minutes of [0, 1.1, 11.5, 112]) {
      authority.clock.aheadMs = minutes * MINUTE_MS;
      expect(await renew()).toMatchObject({ outcome: "failed", code: "ACME_UNREACHABLE" });
    }
    authority.proxy.heal();
    authority.clock.aheadMs = 172 * MINUTE_MS;
    expect(await renew()).toEqual({ outcome: "renewed" });
  });

  it("that delivers another certificate does not have it served, and is asked for a new one", async () => {
    authority = await startAuthority();
    let other = "";
    authority.proxy.next(CERTIFICATE, { change: (body) => (other = body) });
    await renew();
    authority.clock.aheadMs = MINUTE_MS;
    authority.proxy.next(CERTIFICATE, { change: () => other });
    expect(await renew("in any case")).toMatchObject({ outcome: "failed", code: "CERTIFICATE_REFUSED" });
    expect(service.given).toHaveLength(1);
    authority.clock.aheadMs = 3 * MINUTE_MS;
    expect(await renew("in any case")).toEqual({ outcome: "renewed" });
  });
});

describe("a clock that is wrong", () => {
  it.each([
    ["ten years ahead", 10 * YEAR_MS],
    ["two days behind", -2 * DAY_MS],
  ])("%s is told, and nothing is ordered", async (_what, aheadMs) => {
    authority = await startAuthority();
    authority.clock.aheadMs = aheadMs;
    expect(await renew()).toMatchObject({ outcome: "failed", code: "CLOCK_WRONG" });
    expect(await renew()).toMatchObject({ outcome: "not due" });
    expect(authority.orders()).toBe(0);
    // A clock that was ahead has nothing to wait for once it is right; one that was behind was looked at half an hour later.
    authority.clock.aheadMs = aheadMs > 0 ? 0 : 31 * MINUTE_MS;
    expect(await renew()).toEqual({ outcome: "renewed" });
  });

  it("takes no certificate out of service, and delays nothing once it is right", async () => {
    authority = await startAuthority({ validitySeconds: 90 * 86_400 });
    await renew();
    authority.clock.aheadMs = 10 * YEAR_MS;
    expect(await renew()).toMatchObject({ code: "CLOCK_WRONG" });
    expect(await authority.agent().served(authority.wanted, limit())).toMatchObject({ source: "acme" });
    authority.clock.aheadMs = -10 * YEAR_MS;
    expect(await renew()).toMatchObject({ outcome: "not due", reason: expect.stringContaining("clock") as string });
    expect(await authority.agent().served(authority.wanted, limit())).toMatchObject({ source: "acme" });
    authority.clock.aheadMs = 0;
    expect(await renew()).toMatchObject({ outcome: "not due", reason: "the certificate is young enough" });
    expect(authority.orders()).toBe(1);
  });
});

describe("what an authority offers", () => {
  it("is used: its suggestion, the certificate that is replaced, the profile and the account's binding", async () => {
    const hmacKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    authority = await startAuthority({ bindings: { "kid-1": hmacKey }, validitySeconds: 6 * 86_400 });
    const past = { start: "2026-01-01T00:00:00Z", end: "2026-01-02T00:00:00Z" };
    const suggestedWindow = () =>
      authority.clock.aheadMs > 0 ? past : { start: FAR, end: `${FAR.slice(0, 3)}2${FAR.slice(4)}` };
    authority.proxy.offer({
      profiles: { shortlived: "6 days" },
      renewalInfo: () => ({ answer: 200, body: JSON.stringify({ suggestedWindow: suggestedWindow() }) }),
    });
    const acme = { ...authority.wanted.acme, profile: "shortlived", externalAccount: { keyId: "kid-1", hmacKey } };
    const wanted = { ...authority.wanted, acme };
    expect(await renew("by nobody", wanted)).toEqual({ outcome: "renewed" });
    expect(await renew("by nobody", wanted)).toMatchObject({ outcome: "not due" });
    const { renewal, served } = await authority.agent().status(wanted);
    expect(renewal?.window).toMatchObject({ start: new Date(FAR).toISOString() });
    const daysLeft = (Date.parse(served?.validUntil ?? "") - Date.parse(renewal?.dueAt ?? "")) / DAY_MS;
    expect(daysLeft).toBeCloseTo(1.5, 3); // later than that, the authority's suggestion is not followed
    authority.clock.aheadMs = 23 * 60 * MINUTE_MS;
    expect(await renew("by nobody", wanted)).toMatchObject({ outcome: "not due" }); // at most once a day
    expect(await renew("in any case", wanted)).toEqual({ outcome: "renewed" });
    const orders = authority.proxy.seen.filter(({ path }) => path === "/order-plz").map(({ payload }) => payload);
    expect(orders).toMatchObject([{ profile: "shortlived" }, { replaces: expect.stringContaining(".") as string }]);
  });
});

describe("a full disk", () => {
  it.skipIf(!canMount)("keeps from ordering, and the certificate is had once there is room", async () => {
    authority = await startAuthority();
    const full = `mount -t tmpfs -o size=40k none ${authority.folder} && exec "$0" "$@"`;
    const child = startChild(["unshare", "-m", "sh", "-c", full, process.execPath, RENEW_ONCE]);
    expect(JSON.parse(await text(child.stdout))).toMatchObject({ outcome: "failed", code: "DISK_FULL" });
    expect(authority.orders()).toBe(0);
    expect(await renew()).toEqual({ outcome: "renewed" });
  });

  it.skipIf(!canMount)("that fills up after the order takes the room that was reserved", async () => {
    authority = await startAuthority();
    const filled = `mount -t tmpfs -o size=84k none ${authority.folder} && "$0" "$@" && ls ${authority.folder}/acme`;
    const child = startChild(["unshare", "-m", "sh", "-c", filled, process.execPath, RENEW_ONCE]);
    const [report = "", ...left] = (await text(child.stdout)).trim().split("\n");
    expect(JSON.parse(report)).toEqual({ outcome: "renewed" });
    expect(left).not.toContain("reserve");
  });
});

const FAR = "2030-01-01T00:00:00Z";
const RENEW_ONCE = join(import.meta.dirname, "renew-once.ts");

function startChild([program = "", ...args]: string[]) {
  const { folder, challengeFolder, pebble, wanted } = authority;
  const facts = JSON.stringify({ folder, challengeFolder, port: pebble.httpPort, wanted });
  return spawn(program, args, {
    env: { ...process.env, FACTS: facts },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
}

async function until(isSo: () => boolean): Promise<void> {
  for (let look = 0; look < 1000 && !isSo(); look += 1) await sleep(20);
  expect(isSo()).toBe(true);
}
