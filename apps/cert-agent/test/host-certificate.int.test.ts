import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Asked, HostCertificateStatus, type Put } from "../src/host-certificate/index.ts";
import { recordingPut, startAuthority, type Authority } from "./support/authority.ts";

const MINUTE_MS = 60_000;
const limit = () => AbortSignal.timeout(50_000);

let authority: Authority;
let service: ReturnType<typeof recordingPut>;
beforeEach(async () => {
  authority = await startAuthority();
  service = recordingPut();
});
afterEach(() => authority.stop());

const renew = (asked: Asked = "by nobody", wanted = authority.wanted, agent = authority.agent()) =>
  agent.renew(wanted, { asked, put: service.put }, limit());
const served = () => authority.agent().served(authority.wanted, limit());

describe("a certificate of this host", () => {
  it("is self-signed until one is obtained, which is kept, served and then left alone", async () => {
    const first = await served();
    expect(first).toMatchObject({ source: "self-signed" });
    expect((await served()).leaf.serialNumber).toBe(first.leaf.serialNumber);
    expect(await renew()).toEqual({ outcome: "renewed" });
    expect(await served()).toMatchObject({ source: "acme", chainPem: service.given[0]?.chainPem });
    expect(await renew()).toMatchObject({ outcome: "not due", reason: "the certificate is young enough" });
    expect(authority.orders()).toBe(1);
    expect(readdirSync(authority.challengeFolder)).toEqual([]);
    const [id = ""] = authority.stored();
    expect(statSync(join(authority.folder, "host", id, "key.pem")).mode & 0o777).toBe(0o600);
  });

  it("is on disk before it is put into service, and is proven there before it counts", async () => {
    const seen: string[][] = [];
    const put: Put = async (_certificate, proven) => {
      seen.push(authority.stored());
      await proven();
    };
    await authority.agent().renew(authority.wanted, { asked: "by nobody", put }, limit());
    expect(seen).toEqual([authority.stored()]);
  });

  it("that is refused in service is not served, and is offered again without another order", async () => {
    service.failure = new OperatorError("TLS_NOT_SERVED", "nginx serves the former one.", { remedy: "Look." });
    expect(await renew()).toMatchObject({ outcome: "failed", code: "TLS_NOT_SERVED" });
    expect(await served()).toMatchObject({ source: "self-signed" });
    const { passedOver } = await authority.agent().status(authority.wanted);
    expect(passedOver).toMatchObject([{ reason: expect.stringContaining("nginx serves the former one.") as string }]);
    service.failure = undefined;
    expect(await renew()).toMatchObject({ outcome: "not due" });
    authority.clock.aheadMs = 2 * MINUTE_MS;
    expect(await renew()).toEqual({ outcome: "renewed" });
    expect(authority.orders()).toBe(1);
    expect(service.given[1]?.leaf.serialNumber).toBe(service.given[0]?.leaf.serialNumber);
  });

  it("that could not be published for a reason of the host's own is served all the same where nothing better is", async () => {
    service.failure = new OperatorError("DISK_FULL", "The disk is full.", { remedy: "Make room." });
    expect(await renew()).toMatchObject({ outcome: "failed", code: "DISK_FULL" });
    expect(await served()).toMatchObject({ source: "acme", chainPem: service.given[0]?.chainPem });
  });

  it("is had anew when a person wants it, and the newest three stay", async () => {
    for (let round = 0; round < 4; round += 1) {
      expect(await renew("in any case")).toEqual({ outcome: "renewed" });
      authority.clock.aheadMs += 20 * MINUTE_MS;
    }
    expect(authority.stored()).toHaveLength(3);
    expect((await served()).leaf.serialNumber).toBe(service.given[3]?.leaf.serialNumber);
  });

  it("is ordered once by two that want it at the same time", async () => {
    const both = await Promise.all([renew(), renew(), renew("in any case")]);
    expect(both.filter(({ outcome }) => outcome === "renewed")).toHaveLength(1);
    expect(authority.orders()).toBe(1);
  });

  it("has a status without a secret, which the schema takes", async () => {
    await renew();
    const status = await authority.agent().status(authority.wanted);
    expect(HostCertificateStatus.parse(status)).toEqual(status);
    expect(status).toMatchObject({
      served: { source: "acme", names: ["a.test"] },
      renewal: { attempts: { succeeded: 1, failed: 0 }, dns: [{ name: "a.test", verdict: "fine" }], lastError: null },
    });
    expect(JSON.stringify(status)).not.toContain("PRIVATE");
  });
});

describe("names", () => {
  it("that fail are told, the next order goes without them, and they are tried again", async () => {
    const wanted = { ...authority.wanted, allowedHosts: ["lost.test", "b.test"] };
    await authority.pebble.setAddress("lost.test", "127.0.0.9");
    const failed = await renew("by nobody", wanted);
    expect(failed).toMatchObject({ outcome: "failed", code: "ACME_VALIDATION_FAILED" });
    authority.clock.aheadMs += MINUTE_MS + 1000;
    expect(await renew("by nobody", wanted)).toEqual({ outcome: "renewed" });
    expect(service.given[0]?.leaf.subjectAltName).toBe("DNS:a.test, DNS:b.test");
    const { renewal } = await authority.agent().status(wanted);
    expect(renewal).toMatchObject({ leftOut: ["lost.test"], nameFailures: [{ name: "lost.test" }] });
    await authority.pebble.setAddress("lost.test", "127.0.0.1");
    authority.clock.aheadMs += 12 * MINUTE_MS;
    expect(await renew("by nobody", wanted)).toEqual({ outcome: "renewed" });
    expect(service.given[1]?.leaf.subjectAltName).toContain("lost.test");
  });

  it("that came along are certified at once", async () => {
    await renew();
    const wanted = { ...authority.wanted, allowedHosts: ["b.test"] };
    expect(await renew("by nobody", wanted)).toEqual({ outcome: "renewed" });
    expect(service.given[1]?.leaf.subjectAltName).toContain("b.test");
  });

  it("for which this host's own port does not answer keep it from asking, whatever DNS says", async () => {
    authority.port80.refused.add("a.test");
    const dns = { addressesOf: () => Promise.reject(new Error("no DNS")) };
    const failed = await renew("by nobody", authority.wanted, authority.agent({ dns }));
    expect(failed).toMatchObject({ outcome: "failed", code: "CHALLENGE_UNREACHABLE" });
    expect(authority.orders()).toBe(0);
    const { renewal } = await authority.agent().status(authority.wanted);
    expect(renewal).toMatchObject({ nameFailures: [{ name: "a.test", type: "local" }], dns: [{ verdict: "nothing" }] });
  });

  it("that DNS leads elsewhere are told, the dead AAAA by itself, and asked for all the same", async () => {
    const dns = { addressesOf: () => Promise.resolve(["127.0.0.1", "::1"]) };
    expect(await renew("by nobody", authority.wanted, authority.agent({ dns }))).toEqual({ outcome: "renewed" });
    const { renewal } = await authority.agent().status(authority.wanted);
    expect(renewal?.dns).toMatchObject([{ verdict: "silent", detail: expect.stringContaining("AAAA ::1") as string }]);
  });
});
