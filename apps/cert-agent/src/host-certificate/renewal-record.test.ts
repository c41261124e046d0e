import { AcmeError } from "@appliance/acme";
import { OperatorError } from "@appliance/errors";
import { describe, expect, it } from "vitest";
import { afterFailure, afterLook, afterSuccess, afterSuggestion, beforeValidation } from "./renewal-record.ts";
import { currentState, emptyState, type RenewalState } from "./renewal-state.ts";

const MINUTE = 60_000;
const NOW = new Date("2026-03-01T12:00:00Z");
const later = (minutes: number) => new Date(NOW.getTime() + minutes * MINUTE);
const moment = { now: NOW, random: () => 0.5 };
const DOMAIN = "a.example.org";
const attempt = { names: [DOMAIN, "b.example.org", "c.example.org"], domain: DOMAIN, leftOut: false };
const away = new OperatorError("ACME_UNREACHABLE", "It is away.", { remedy: "Wait." });
const failure = { error: away, failures: [], beforeAsking: false };
const nameFailure = (name: string) => ({ name, type: "dns", detail: "no such name" });

function failed(state: RenewalState, times: number): RenewalState {
  return Array.from({ length: times }).reduce<RenewalState>(
    (before) => afterFailure(before, attempt, failure, moment),
    state,
  );
}

describe("after failures", () => {
  it.each([
    [1, 1],
    [2, 10],
    [3, 100],
    [4, 24 * 60 + 30],
    [40, 24 * 60 + 30],
  ])("%d in a row, the next attempt is %d minutes later", (times, minutes) => {
    const { retry, attempts, lastError } = failed(emptyState(NOW), times);
    expect(retry).toEqual({ failures: times, at: later(minutes) });
    expect(attempts.failed).toBe(times);
    expect(lastError).toEqual({ code: "ACME_UNREACHABLE", message: "It is away.", remedy: "Wait.", at: NOW });
  });

  it("the authority's Retry-After is kept", () => {
    const error = new AcmeError("ACME_RATE_LIMITED", "Too many.", { remedy: "Wait.", retryAt: later(600) });
    const { authority } = afterFailure(emptyState(NOW), attempt, { ...failure, error }, moment);
    expect(authority).toMatchObject({ notBefore: later(600), away: false });
  });

  it("an authority that is away is looked at within the hour, and its return ends the waiting", () => {
    const state = afterFailure(failed(emptyState(NOW), 5), attempt, { ...failure, beforeAsking: true }, moment);
    expect(state.authority).toMatchObject({ away: true, lookAt: later(30) });
    expect(afterLook(state, false, undefined, later(30)).authority.lookAt).toEqual(later(60));
    expect(afterLook(state, true, undefined, later(30))).toMatchObject({ retry: { failures: 6, at: null } });
  });
});

describe("names that fail", () => {
  const failing = (state: RenewalState, names: string[], leftOut = false) =>
    afterFailure(
      state,
      { ...attempt, leftOut },
      { error: away, failures: names.map(nameFailure), beforeAsking: false },
      moment,
    );

  it("are left out of the next order, but never the domain", () => {
    const state = failing(emptyState(NOW), [DOMAIN, "b.example.org"]);
    expect(state.leftOut).toEqual({ names: ["b.example.org"], failures: 1, at: later(1) });
    expect(state.names.map(({ name }) => name)).toEqual([DOMAIN, "b.example.org"]);
  });

  it("keep their own count, while the rest has its certificate", () => {
    const first = failing(emptyState(NOW), ["b.example.org"]);
    const without = afterSuccess(first, { names: [DOMAIN, "c.example.org"] });
    expect(without).toMatchObject({ retry: { failures: 0, at: null }, leftOut: { names: ["b.example.org"] } });
    expect(without.names).toHaveLength(1);
    const second = failing(without, ["b.example.org"], true);
    expect(second).toMatchObject({ retry: { failures: 0 }, leftOut: { failures: 2, at: later(10) } });
    const all = afterSuccess(second, attempt);
    expect(all).toMatchObject({ leftOut: { names: [], failures: 0 }, names: [], lastError: null });
  });
});

describe("what is kept", () => {
  it("waits no longer after a clock that was ahead is set right", () => {
    const ahead = new Date("2036-03-01T12:00:00Z");
    const written = afterFailure({ ...emptyState(ahead), goal: "g" }, attempt, failure, { ...moment, now: ahead });
    const state = currentState(written, { text: "g", directoryUrl: "" }, NOW);
    expect(state.retry).toEqual({ failures: 1, at: later(1) });
    expect(state.writtenAt).toEqual(NOW);
  });

  it("begins afresh when a person wants something else, but for what the authority said and counts", () => {
    const error = new AcmeError("ACME_BUSY", "Busy.", { remedy: "Wait.", retryAt: later(60) });
    const goal = { text: "g", directoryUrl: "https://ca/dir" };
    const begun = beforeValidation(currentState(emptyState(NOW), goal, NOW), NOW);
    const kept = afterFailure(begun, attempt, { ...failure, error }, moment);
    const other = currentState(kept, { ...goal, text: "h" }, NOW);
    expect(other).toMatchObject({ retry: { failures: 0, at: null }, authority: { notBefore: later(60) } });
    expect(other.validations).toEqual([NOW]);
    const elsewhere = currentState(kept, { text: "h", directoryUrl: "https://other/dir" }, NOW);
    expect(elsewhere.authority.notBefore).toBeNull();
  });

  it("has one moment for each window, however often it is asked for, and another for another window", () => {
    const info = { start: later(0), end: later(100), explanationUrl: undefined, askAgainAt: later(360) };
    const first = afterSuggestion(emptyState(NOW), "AB", info, moment);
    expect(first.suggestion).toMatchObject({ chosen: later(50), askAgainAt: later(360) });
    const again = afterSuggestion(first, "AB", info, { now: later(10), random: () => 0 });
    expect(again.suggestion?.chosen).toEqual(later(50));
    const moved = afterSuggestion(again, "AB", { ...info, end: later(10) }, { now: later(10), random: () => 0 });
    expect(moved.suggestion?.chosen).toEqual(later(0));
  });

  it("asks for a suggestion at least twice a day", () => {
    const info = { start: later(0), end: later(100), explanationUrl: undefined, askAgainAt: later(24 * 60) };
    expect(afterSuggestion(emptyState(NOW), "AB", info, moment).suggestion?.askAgainAt).toEqual(later(12 * 60));
    expect(afterSuggestion(emptyState(NOW), "AB", undefined, moment).suggestion?.askAgainAt).toEqual(later(12 * 60));
  });
});
