import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refusesMore } from "./index.ts";
import { createFixture, DAY_MS, request, signal, type Fixture } from "./testing/fixture.ts";

let fixture: Fixture;
beforeEach(async () => {
  fixture = await createFixture();
});
afterEach(() => fixture.remove());

describe("ensure", () => {
  it("makes an authority with a list, and nothing more the second time", async () => {
    const { authority } = fixture;
    expect(await authority.bundle(signal)).toBeNull();
    expect(await authority.ensure({}, signal)).toEqual([]);
    const first = await authority.bundle(signal);
    expect(first?.authorities).toHaveLength(1);
    await authority.ensure({}, signal);
    expect(await authority.bundle(signal)).toEqual(first);
    expect((await authority.status(signal)).problems).toEqual([]);
  });
});

describe("revoke", () => {
  it("puts a certificate on the list at once, by any notation of its serial", async () => {
    const { authority } = fixture;
    await authority.ensure({}, signal);
    const before = await authority.bundle(signal);
    const { certificate } = await authority.issue(request(), signal);
    const notation = certificate.serial.toLowerCase().replaceAll(/(..)(?=.)/g, "$1:");
    expect((await authority.revoke(`0x${notation}`, signal))[0]?.serial).toBe(certificate.serial);
    const after = await authority.bundle(signal);
    expect([...(after?.revoked ?? [])]).toEqual([`${after?.authorities[0]}/${certificate.serial}`]);
    expect([refusesMore(before, after), refusesMore(after, before)]).toEqual([true, false]);
    fixture.clock.now = new Date(fixture.clock.now.getTime() + DAY_MS);
    expect(await authority.revoke("OFFICE@ecs.example", signal)).toMatchObject([{ serial: certificate.serial }]);
  });
});

describe("a change of the authority", () => {
  it("accepts both, issues from the new one, and then drops the old", async () => {
    const { authority } = fixture;
    await authority.ensure({}, signal);
    await expect(authority.finishRollover(signal)).rejects.toMatchObject({ code: "CLIENT_CA_NO_ROLLOVER" });
    const old = await authority.issue(request(), signal);
    const { authority: serial } = await authority.rollover(signal);
    expect((await authority.bundle(signal))?.authorities).toHaveLength(2);
    const fresh = await authority.issue(request({ name: "Neues Büro" }), signal);
    expect([old.certificate.authority === serial, fresh.certificate.authority === serial]).toEqual([false, true]);
    expect(await authority.rollover(signal)).toEqual({ authority: serial, begun: false });
    expect(await authority.finishRollover(signal)).toEqual({ retired: [old.certificate.authority], stopped: 1 });
    expect((await authority.bundle(signal))?.authorities).toHaveLength(1);
    expect((await authority.list()).map(({ revokedAt }) => revokedAt)).toEqual([null, fixture.clock.now.toISOString()]);
  });
});
