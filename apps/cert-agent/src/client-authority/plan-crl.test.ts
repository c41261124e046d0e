import { describe, expect, it } from "vitest";
import type { ClientCertificate } from "@appliance/jobs";
import type { Crl } from "./crl.ts";
import { isCrlDue, planCrl } from "./plan-crl.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const begin = new Date("2026-11-23T10:00:00.500Z");
const after = (ms: number) => new Date(begin.getTime() + ms);

const certificate = (serial: string, changes: Partial<ClientCertificate> = {}): ClientCertificate => ({
  serial,
  email: "office@ecs.example",
  name: "Office",
  issuedAt: begin.toISOString(),
  validUntil: after(7 * DAY_MS).toISOString(),
  revokedAt: null,
  authority: "0A",
  ...changes,
});

const revoked = (serial: string) => certificate(serial, { revokedAt: begin.toISOString() });

/** The list that openssl makes of a plan. */
function made(register: readonly ClientCertificate[], present: Crl | null, now: Date): Crl {
  return { issuer: "CN=test", ...planCrl(register, present, now) };
}

const isDue = (register: readonly ClientCertificate[], present: Crl | null, now: Date) =>
  isCrlDue(present, planCrl(register, present, now), now);

describe("a year with an agent that looks every hour, and is dead for 20 days", () => {
  it("never serves a list that has ended or is from the future, renews it daily, and counts up", () => {
    const hours = Array.from({ length: 365 * 24 }, (_, hour) => hour);
    let crl = made([], null, begin);
    const lists = [crl];
    const ages: number[] = [];
    for (const hour of hours) {
      const now = after(hour * HOUR_MS);
      const isDead = hour >= 100 * 24 && hour < 120 * 24;
      if (!isDead && isDue([], crl, now)) lists.push((crl = made([], crl, now)));
      if (!isDead) ages.push(now.getTime() - crl.thisUpdate.getTime());
      expect(crl.thisUpdate <= now && crl.nextUpdate! > now, `hour ${hour}`).toBe(true);
    }
    expect(Math.max(...ages)).toBeLessThan(DAY_MS + HOUR_MS);
    expect(lists.every(({ number }, at) => at === 0 || number! > lists[at - 1]!.number!)).toBe(true);
    expect([lists.length > 325, lists.length <= 365]).toEqual([true, true]);
  });
});

describe("the next list", () => {
  it("revokes what the register says, at once", () => {
    const present = made([certificate("01")], null, begin);
    expect(isDue([revoked("01")], present, after(1))).toBe(true);
    expect([...made([revoked("01")], present, after(1)).revoked.keys()]).toEqual(["01"]);
  });

  it("forgets nobody when the register is lost or older", () => {
    const present = made([revoked("01"), revoked("02")], null, begin);
    expect([...made([certificate("02")], present, after(DAY_MS)).revoked.keys()]).toEqual(["01", "02"]);
  });

  it("drops an entry only after every list from the lifetime of its certificate has ended", () => {
    const end = 7 * DAY_MS;
    const at = (ms: number) => made([revoked("01")], made([revoked("01")], null, begin), after(ms)).revoked.size;
    expect([at(end), at(end + 31 * DAY_MS), at(end + 31 * DAY_MS + 1)]).toEqual([1, 1, 0]);
  });

  it("has a higher number when the present one is lost, and when the clock has gone back", () => {
    const present = made([], null, begin);
    expect(made([], null, after(1)).number! > present.number!).toBe(true);
    const back = made([], present, after(-3650 * DAY_MS));
    expect(back.number! > present.number!).toBe(true);
  });

  it("is due when the present one is from the future, which servers refuse", () => {
    const present = made([], null, after(3650 * DAY_MS));
    expect(isDue([], present, begin)).toBe(true);
    expect(isDue([], made([], null, begin), after(1))).toBe(false);
  });
});
