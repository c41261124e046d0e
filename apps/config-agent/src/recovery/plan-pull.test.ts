import type { Env } from "@appliance/env";
import { describe, expect, it } from "vitest";
import { nextPull } from "./plan-pull.ts";
import type { RecoveryRecord } from "./recovery-record.ts";

const env = (standby: boolean, pull: boolean) =>
  ({ appliance: { standby, backup: { pull, oncalendar: "*-*-* 00:30:00" } } }) as Env;
const last = (begunAt: string, pull = true) => ({ begunAt, order: { pull } }) as RecoveryRecord;
const ZONE = "Europe/Vienna";

describe("the next pull", () => {
  it("is due at once on a host that has pulled nothing yet, whatever was recovered on it by hand", () => {
    const long = new Date(0);
    expect(nextPull(env(true, true), undefined, ZONE)).toEqual(long);
    expect(nextPull(env(true, true), last("2026-11-22T10:00:00Z", false), ZONE)).toEqual(long);
  });

  it("is due hours after the backup of the night that follows the last one, on the host's clock", () => {
    const first = nextPull(env(true, true), last("2026-11-22T10:00:00Z"), ZONE);
    expect(first).toEqual(new Date("2026-11-23T03:30:00Z"));
    expect(nextPull(env(true, true), last("2026-11-23T03:30:05Z"), ZONE)).toEqual(new Date("2026-11-24T03:30:00Z"));
  });

  it("stays due while the host is off", () => {
    expect(nextPull(env(true, true), last("2026-10-01T10:00:00Z"), ZONE)).toEqual(new Date("2026-10-02T02:30:00Z"));
  });

  it("is none on a live host, and none where env.yml does not ask for it", () => {
    expect(nextPull(env(false, true), undefined, ZONE)).toBeNull();
    expect(nextPull(env(true, false), undefined, ZONE)).toBeNull();
  });
});
