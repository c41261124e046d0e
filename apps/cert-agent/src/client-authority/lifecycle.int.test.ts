import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand, type RunCommand } from "@appliance/command";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFixture, DAY_MS, request, signal, type Fixture } from "./testing/fixture.ts";

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
  await fixture.authority.ensure({}, signal);
});
afterEach(() => fixture.remove());

const later = (days: number) => (fixture.clock.now = new Date(fixture.clock.now.getTime() + days * DAY_MS));
const fileOf = (authority: number, name: string) => join(fixture.folder, "active", String(authority), name);
const codes = async () => (await fixture.authority.status(signal)).problems.map(({ code }) => code);
const ensure = async () => (await fixture.authority.ensure({}, signal)).map(({ code }) => code);
const listNumber = async () => BigInt((await fixture.authority.status(signal)).authorities[0]!.crl!.number);

describe("a year", () => {
  it("in which the agent comes back after 29 days each time has a list at every moment that openssl takes", async () => {
    await fixture.authority.issue(request({ days: 366 }), signal);
    for (let month = 0; month < 12; month += 1) {
      later(29);
      const left = await fixture.authority.bundle(signal); // what nginx has before the agent is back
      expect(left!.nextUpdate! > fixture.clock.now).toBe(true);
      expect(await ensure()).toEqual([]);
      expect(verified()).toContain("OK");
    }
    expect(await codes()).toEqual([]);
  });
});

describe("a minute in which nothing changes", () => {
  it("starts openssl not once, and a list that was changed by another hand is judged anew", async () => {
    let starts = 0;
    const run: RunCommand = (program, ...rest) => {
      if (program === "openssl") starts += 1;
      return runCommand(program, ...rest);
    };
    await fixture.remove();
    fixture = await createFixture({ run });
    await fixture.authority.ensure({}, signal);
    await fixture.authority.status(signal);
    starts = 0;
    expect([await ensure(), await codes()]).toEqual([[], []]);
    expect((await fixture.authority.bundle(signal))?.authorities).toHaveLength(1);
    expect(starts).toBe(0);
    writeFileSync(fileOf(1, "crl.pem"), "no list");
    expect(await codes()).toEqual(["CLIENT_CRL_MISSING"]);
  });
});

describe("the key of the authority lost", () => {
  it("leaves everybody in until the last list ends, says what to do, and a new authority takes over", async () => {
    const { certificate } = await fixture.authority.issue(request({ days: 100 }), signal);
    rmSync(fileOf(1, "key.pem"));
    later(2);
    expect(await ensure()).toEqual(["CLIENT_CA_KEY_LOST"]);
    expect(await codes()).toEqual(["CLIENT_CA_KEY_LOST"]);
    expect((await fixture.authority.bundle(signal))?.authorities).toHaveLength(1);
    await expect(fixture.authority.issue(request(), signal)).rejects.toMatchObject({
      code: "CLIENT_CA_KEY_LOST",
      remedy: expect.stringContaining("appliance cert ca rollover"),
    });
    expect((await fixture.authority.rollover(signal)).begun).toBe(true);
    expect((await fixture.authority.bundle(signal))?.authorities).toHaveLength(2);
    await expect(fixture.authority.revoke(certificate.serial, signal)).rejects.toMatchObject({
      code: "CLIENT_CA_KEY_LOST",
    });
    expect((await fixture.authority.list())[0]?.revokedAt).not.toBeNull();
    await fixture.authority.issue(request({ email: "new@ecs.example" }), signal);
    later(29);
    expect(await ensure()).toEqual(["CLIENT_CA_KEY_LOST"]);
    expect((await fixture.authority.bundle(signal))?.authorities).toHaveLength(1);
    await fixture.authority.finishRollover(signal);
    expect([await ensure(), await codes()]).toEqual([[], []]);
  });

  it.each([
    ["of another authority", () => writeFileSync(fileOf(1, "key.pem"), otherKey())],
    ["damaged", () => truncateSync(fileOf(1, "key.pem"), 100)],
  ])("is noticed where it is %s", async (_what, spoil) => {
    spoil();
    expect(await codes()).toEqual(["CLIENT_CA_KEY_LOST"]);
  });
});

describe("an authority near its end", () => {
  it("says so a year before, refuses what would outlast it, and nothing breaks when it is over", async () => {
    later(19 * 365 + 1);
    expect(await ensure()).toEqual([]);
    expect(await codes()).toEqual(["CLIENT_CA_ENDS_SOON"]);
    await expect(fixture.authority.issue(request({ days: 365 }), signal)).rejects.toMatchObject({
      code: "CLIENT_CA_ENDS",
      remedy: expect.stringContaining("at most 364 days"),
    });
    await fixture.authority.issue(request({ days: 364 }), signal);
    later(365);
    expect(await ensure()).toEqual([]);
    expect([await fixture.authority.bundle(signal), await codes()]).toEqual([null, ["CLIENT_CA_ENDED"]]);
    expect((await fixture.authority.rollover(signal)).begun).toBe(true);
    expect((await fixture.authority.bundle(signal))?.authorities).toHaveLength(1);
  });
});

describe("what was lost or damaged", () => {
  it("a list that is garbage is made again, with a higher number", async () => {
    const before = await listNumber();
    for (const garbage of ["", "garbage", readFileSync(fileOf(1, "crl.pem"), "utf8").slice(0, 200)]) {
      writeFileSync(fileOf(1, "crl.pem"), garbage);
      expect(await fixture.authority.bundle(signal)).toBeNull();
      later(0.001);
      expect(await ensure()).toEqual([]);
    }
    expect((await listNumber()) > before).toBe(true);
  });

  it("a register that is lost lets nobody in again and no serial come twice", async () => {
    const { certificate } = await fixture.authority.issue(request(), signal);
    await fixture.authority.revoke(certificate.serial, signal);
    rmSync(join(fixture.folder, "register.jsonl"));
    later(2);
    expect(await ensure()).toEqual([]);
    const revoked = [...(await fixture.authority.bundle(signal))!.revoked];
    expect(revoked.map((key) => key.split("/")[1])).toEqual([certificate.serial]);
  });

  it("a damaged line of the register costs that line alone, is told, and is kept", async () => {
    const { certificate } = await fixture.authority.issue(request(), signal);
    appendFileSync(join(fixture.folder, "register.jsonl"), '{"serial":"0A","ema\n');
    await fixture.authority.issue(request(), signal);
    const listed = await fixture.authority.list();
    expect(listed).toHaveLength(2);
    expect(listed[1]).toEqual(certificate);
    expect(await codes()).toEqual(["CLIENT_REGISTER_DAMAGED"]);
    expect(readFileSync(join(fixture.folder, "register.jsonl"), "utf8")).toContain('{"serial":"0A","ema\n');
  });

  it("an authority whose certificate is damaged is not replaced unasked", async () => {
    truncateSync(fileOf(1, "certificate.pem"), 100);
    expect([await ensure(), await codes()]).toEqual([[], ["CLIENT_CA_DAMAGED"]]);
    expect(await fixture.authority.bundle(signal)).toBeNull();
    await expect(fixture.authority.issue(request(), signal)).rejects.toMatchObject({ code: "CLIENT_CA_MISSING" });
    expect((await fixture.authority.rollover(signal)).begun).toBe(true);
    await fixture.authority.issue(request(), signal);
    expect(await fixture.authority.finishRollover(signal)).toEqual({ retired: [], stopped: 0 });
    expect(await codes()).toEqual([]);
  });
});

describe("a clock that is wrong", () => {
  it.each(["1970-01-01T00:00:00Z", "2026-11-21T23:59:59Z"])(
    "makes no authority at %s, before it was built",
    async (now) => {
      const other = await createFixture({ now: new Date(now) });
      await expect(other.authority.ensure({}, signal)).rejects.toMatchObject({ code: "CLOCK_WRONG" });
      await other.remove();
    },
  );

  it("ten years ahead and back again leaves a list that is valid, revokes the same, and has a higher number", async () => {
    const { certificate } = await fixture.authority.issue(request(), signal);
    await fixture.authority.revoke(certificate.serial, signal);
    const before = (await fixture.authority.bundle(signal))!;
    for (const days of [3650, -3650]) {
      const number = await listNumber();
      later(days);
      expect(await ensure()).toEqual([]);
      expect((await listNumber()) > number).toBe(true);
    }
    expect((await fixture.authority.bundle(signal))?.revoked).toEqual(before.revoked);
  });
});

describe("revoke", () => {
  it("takes every certificate of an address, and names the nearest when there is none", async () => {
    const { authority } = fixture;
    for (const name of ["one", "two"]) await authority.issue(request({ name }), signal);
    const { certificate } = await authority.issue(request({ email: "other@ecs.example" }), signal);
    await expect(authority.revoke("ofice@ecs.example", signal)).rejects.toMatchObject({
      code: "CLIENT_CERTIFICATE_UNKNOWN",
      remedy: expect.stringContaining("office@ecs.example"),
    });
    await expect(authority.revoke(`${certificate.serial.slice(0, -1)}Z`, signal)).rejects.toMatchObject({
      remedy: expect.stringContaining(certificate.serial),
    });
    const revoked = await authority.revoke("office@ecs.example", signal);
    expect(revoked.map(({ name }) => name)).toEqual(["one", "two"]);
    const status = await authority.status(signal);
    expect(status.certificates).toEqual({ issued: 3, valid: 1, revoked: 2, expired: 0 });
    expect(status.authorities[0]).toMatchObject({ issuing: true, validCertificates: 1, crl: { revoked: 2 } });
    expect(await authority.revoke("office@ecs.example", signal)).toEqual(revoked);
  });
});

const otherKey = () => execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);

/** As nginx asks, at the time of the test. */
function verified(): string {
  const at = String(Math.floor(fixture.clock.now.getTime() / 1000));
  const [ca, crl] = [fileOf(1, "certificate.pem"), fileOf(1, "crl.pem")];
  return execFileSync("openssl", [
    "verify",
    "-crl_check_all",
    "-attime",
    at,
    "-CAfile",
    ca,
    "-CRLfile",
    crl,
    ca,
  ]).toString();
}
