import { describe, expect, it } from "vitest";
import { isSuggestionWanted, planRenewal, whenDue, type Present, type RenewalFacts } from "./plan-renewal.ts";
import { emptyState, type RenewalState } from "./renewal-state.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = Date.parse("2026-03-01T00:00:00Z");
const at = (days: number) => new Date(BEGIN + days * DAY);

function present(lifetimeDays: number, changes: Partial<Present> = {}): Present {
  const leaf = { validFromDate: at(0), validToDate: at(lifetimeDays), serialNumber: "AB" };
  return {
    id: "id-1",
    leaf,
    names: ["a.example.org"],
    obtainedAt: at(0),
    directoryUrl: "https://ca/dir",
    proven: true,
    ...changes,
  };
}

function facts(changes: Partial<RenewalFacts> = {}, state: Partial<RenewalState> = {}): RenewalFacts {
  return {
    names: ["a.example.org"],
    directoryUrl: "https://ca/dir",
    present: present(90),
    asked: "by nobody",
    ...changes,
    state: { ...emptyState(at(0)), ...state },
  };
}

const suggestion = (chosen: Date): RenewalState["suggestion"] => ({
  serial: "AB",
  window: { start: chosen, end: chosen, explanationUrl: null },
  chosen,
  askAgainAt: at(0),
});

describe("without a suggestion a certificate is due", () => {
  it.each([
    [90, 60],
    [64, 64 - 64 / 3],
    [45, 30],
    [10, 10 - 10 / 3],
    [9.9, 4.95],
    [6, 3],
    [160 / 24, 80 / 24],
  ])("of %d days after %d", (lifetime, due) => {
    expect(whenDue(present(lifetime), null)).toEqual(at(due));
  });
});

describe("a suggestion", () => {
  it.each([
    ["is followed", 90, 40, 40],
    ["is followed after the usual date too", 90, 70, 70],
    ["that is too late is overridden while half the usual time is left", 90, 89, 75],
    ["that is too late is overridden for a short lifetime", 6, 6, 4.5],
    ["that is always past leads to one renewal a day, not to a storm", 90, -1000, 1],
    ["that is always past leads to no storm with a short lifetime", 3, -1000, 0.5],
  ])("%s", (_what, lifetime, chosen, due) => {
    expect(whenDue(present(lifetime), suggestion(at(chosen)))).toEqual(at(due));
  });

  it("for another certificate counts for nothing", () => {
    expect(whenDue(present(90, { leaf: { ...present(90).leaf, serialNumber: "CD" } }), suggestion(at(1)))).toEqual(
      at(60),
    );
  });

  it("is asked for at once, again when its time has come, and not before the authority wants to be asked", () => {
    expect(isSuggestionWanted(facts(), at(1))).toBe(true);
    const known = { ...suggestion(at(60)), askAgainAt: at(2) } as RenewalState["suggestion"];
    expect(isSuggestionWanted(facts({}, { suggestion: known }), at(1))).toBe(false);
    expect(isSuggestionWanted(facts({}, { suggestion: known }), at(2))).toBe(true);
    const authority = { ...emptyState(at(0)).authority, notBefore: at(3) };
    expect(isSuggestionWanted(facts({}, { suggestion: known, authority }), at(2))).toBe(false);
  });
});

describe("an order is made", () => {
  it("at once where there is no certificate, and not for one that is young", () => {
    expect(planRenewal(facts({ present: undefined }), at(1))).toEqual({
      action: "order",
      names: ["a.example.org"],
      leftOut: false,
    });
    expect(planRenewal(facts(), at(1))).toEqual({
      action: "wait",
      until: at(60),
      reason: "the certificate is young enough",
    });
  });

  it("at once where a name came along, or the authority is another one", () => {
    expect(planRenewal(facts({ names: ["a.example.org", "b.example.org"] }), at(1))).toMatchObject({ action: "order" });
    expect(planRenewal(facts({ directoryUrl: "https://other/dir" }), at(1))).toMatchObject({ action: "order" });
  });

  it("not where one that was kept was never seen in service: that one is put there", () => {
    const unproven = present(90, { proven: false });
    expect(planRenewal(facts({ present: unproven }), at(1))).toEqual({ action: "put", id: "id-1" });
    const waiting = facts({ present: unproven }, { retry: { failures: 1, at: at(2) } });
    expect(planRenewal(waiting, at(1))).toMatchObject({ action: "wait", until: at(2) });
  });

  it("without the names that failed, which are tried by themselves, and never before the domain's own", () => {
    const names = ["a.example.org", "b.example.org"];
    const leftOut = { names: ["b.example.org"], failures: 2, at: at(3) };
    expect(planRenewal(facts({ names }, { leftOut }), at(1))).toEqual({
      action: "wait",
      until: at(3),
      reason: "the next attempt to have b.example.org certified",
    });
    expect(planRenewal(facts({ names }, { leftOut }), at(3))).toEqual({ action: "order", names, leftOut: true });
    expect(planRenewal(facts({ names }, { leftOut }), at(61))).toEqual({
      action: "order",
      names: ["a.example.org"],
      leftOut: false,
    });
  });
});

describe("a person's wish", () => {
  const asked = "in any case";
  it("is followed for a young certificate, and before the next attempt", () => {
    expect(planRenewal(facts({ asked }), at(1))).toMatchObject({ action: "order" });
    const failed = facts({ asked, present: undefined }, { retry: { failures: 3, at: at(2) } });
    expect(planRenewal(failed, at(1))).toMatchObject({ action: "order" });
  });

  it("is not put off after a failure where one is due, and orders none that is not", () => {
    const ifDue = { asked: "if due" } as const;
    const failed = { retry: { failures: 3, at: at(2) } };
    expect(planRenewal(facts({ ...ifDue, present: undefined }, failed), at(1))).toMatchObject({ action: "order" });
    expect(planRenewal(facts(ifDue, failed), at(1))).toMatchObject({ action: "wait", until: at(60) });
    const names = ["a.example.org", "b.example.org"];
    const leftOut = { names: ["b.example.org"], failures: 2, at: at(3) };
    expect(planRenewal(facts({ ...ifDue, names }, { leftOut }), at(1))).toMatchObject({
      action: "order",
      leftOut: true,
    });
  });

  it("waits for the moment that the authority named", () => {
    const authority = { ...emptyState(at(0)).authority, notBefore: at(2) };
    expect(planRenewal(facts({ asked }, { authority }), at(1))).toEqual({
      action: "wait",
      until: at(2),
      reason: "the certificate authority wants no request before",
    });
  });

  it("waits after four validations that failed within an hour", () => {
    const minutes = (count: number) => new Date(at(1).getTime() + count * 60_000);
    const validations = [0, 5, 10, 15].map(minutes);
    expect(planRenewal(facts({ asked }, { validations }), minutes(20))).toMatchObject({
      action: "wait",
      until: minutes(60),
    });
    expect(planRenewal(facts({ asked }, { validations: validations.slice(1) }), minutes(20))).toMatchObject({
      action: "order",
    });
    expect(planRenewal(facts({ asked }, { validations }), minutes(60))).toMatchObject({ action: "order" });
  });
});

describe("an authority that is away", () => {
  const away = (lookAt: Date) => ({ ...emptyState(at(0)).authority, away: true, lookAt });
  const retry = { failures: 5, at: at(2) };

  it("is looked at before the next attempt, so that its return is not waited for a day", () => {
    const state = { retry, authority: away(at(1.5)) };
    expect(planRenewal(facts({ present: undefined }, state), at(1))).toMatchObject({ action: "wait", until: at(1.5) });
    expect(planRenewal(facts({ present: undefined }, state), at(1.5))).toEqual({ action: "look" });
  });

  it("is left alone while nothing is due", () => {
    expect(planRenewal(facts({}, { authority: away(at(1)) }), at(1.5))).toMatchObject({
      action: "wait",
      until: at(60),
    });
  });
});
