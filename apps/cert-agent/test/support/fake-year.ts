import {
  afterFailure,
  afterLook,
  afterNoSuggestion,
  afterSuccess,
  afterSuggestion,
} from "../../src/host-certificate/renewal-record.ts";
import { OperatorError } from "@appliance/errors";
import { isSuggestionWanted, lifetimeMs, marginMs, planRenewal } from "../../src/host-certificate/plan-renewal.ts";
import type { Present, RenewalFacts } from "../../src/host-certificate/plan-renewal.ts";
import { currentState, emptyState, type RenewalState } from "../../src/host-certificate/renewal-state.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const BEGIN = Date.parse("2026-03-01T00:00:00Z");
const DOMAIN = "a.example.org";
const DIRECTORY = "https://ca.example/dir";

/** From and to, in days since the begin. */
type Span = readonly [from: number, to: number];

export interface Circumstances {
  days: number;
  /** Lifetime of each certificate, in days. */
  lifetimeDays: number;
  /** Whether the authority suggests windows, as Let's Encrypt makes them. */
  suggests: boolean;
  /** While the authority is away. */
  outages?: readonly Span[];
  /** At least 0, below 1. */
  random: () => number;
}

export interface Renewal {
  at: Date;
  /** When it had to be: the suggested window, or the minutes after the date. */
  window: { start: Date; end: Date };
}

export interface Year {
  renewals: Renewal[];
  /** Minutes in which no valid certificate was there, after the first one. */
  invalidMinutes: number;
  /** Orders that failed. */
  failures: Date[];
  lastEnd: Date;
}

/** Days since the begin of the simulation. */
export const dayOf = (at: Date): number => (at.getTime() - BEGIN) / DAY_MS;

/**
 * What a loop that looks every minute does in that time, under a clock and an authority that are simulated. Minutes in which the
 * plan itself says that nothing is to be done are passed over, and counted.
 */
export function simulate(circumstances: Circumstances): Year {
  const world = createWorld(circumstances);
  const end = BEGIN + circumstances.days * DAY_MS;
  for (let now = BEGIN; now < end;) {
    const until = Math.min(world.tick(new Date(now)).getTime(), end);
    const next = Math.max(now + MINUTE_MS, BEGIN + Math.ceil((until - BEGIN) / MINUTE_MS) * MINUTE_MS);
    world.count(new Date(now), next);
    now = next;
  }
  return world.year();
}

function createWorld({ lifetimeDays, suggests, outages = [], random }: Circumstances) {
  const goal = { text: "goal", directoryUrl: DIRECTORY };
  let state: RenewalState = currentState(emptyState(new Date(BEGIN)), goal, new Date(BEGIN));
  let present: Present | undefined;
  let invalidMinutes = 0;
  const renewals: Renewal[] = [];
  const failures: Date[] = [];
  const facts = (): RenewalFacts => ({ names: [DOMAIN], directoryUrl: DIRECTORY, present, state, asked: "by nobody" });

  function order(now: Date, names: string[]): void {
    const attempt = { names, domain: DOMAIN, leftOut: false };
    if (isWithin(outages, now)) {
      failures.push(now);
      state = afterFailure(state, attempt, { error: unreachable(), failures: [], beforeAsking: true }, { now, random });
      return;
    }
    if (present) renewals.push({ at: now, window: windowOf(present, suggests) });
    present = issue(now, lifetimeDays, renewals.length);
    state = afterSuccess(state, attempt);
  }

  function askForSuggestion(now: Date): void {
    if (present === undefined || !isSuggestionWanted(facts(), now)) return;
    const { serialNumber } = present.leaf;
    const window = suggests ? windowOf(present, true) : undefined;
    const info = window && { ...window, explanationUrl: undefined, askAgainAt: new Date(now.getTime() + 6 * HOUR_MS) };
    state = isWithin(outages, now)
      ? afterNoSuggestion(state, serialNumber, undefined, now)
      : afterSuggestion(state, serialNumber, info, { now, random });
  }

  /** @returns when there is something to do again */
  function tick(now: Date): Date {
    askForSuggestion(now);
    const step = planRenewal(facts(), now);
    if (step.action === "look") state = afterLook(state, !isWithin(outages, now), undefined, now);
    if (step.action === "order") order(now, step.names);
    if (step.action !== "wait") return now;
    const { askAgainAt } = state.suggestion ?? { askAgainAt: step.until };
    return askAgainAt < step.until ? askAgainAt : step.until;
  }

  function count(from: Date, to: number): void {
    const begin = Math.max(from.getTime(), present?.leaf.validToDate.getTime() ?? Infinity);
    invalidMinutes += Math.max(0, Math.ceil((to - begin) / MINUTE_MS));
  }

  return {
    tick,
    count,
    year: (): Year => ({ renewals, invalidMinutes, failures, lastEnd: present?.leaf.validToDate ?? new Date(0) }),
  };
}

const isWithin = (outages: readonly Span[], now: Date): boolean =>
  outages.some(([from, to]) => dayOf(now) >= from && dayOf(now) < to);

const unreachable = () => new OperatorError("ACME_UNREACHABLE", "The authority is away.", { remedy: "Wait." });

/** Dated back by an hour, as Let's Encrypt does. */
function issue(now: Date, lifetimeDays: number, count: number): Present {
  const validFromDate = new Date(now.getTime() - HOUR_MS);
  const validToDate = new Date(validFromDate.getTime() + lifetimeDays * DAY_MS);
  const leaf = { validFromDate, validToDate, serialNumber: count.toString(16) };
  return { id: String(count), leaf, names: [DOMAIN], obtainedAt: now, directoryUrl: DIRECTORY, proven: true };
}

/** Let's Encrypt suggests two hundredths of the lifetime around the moment that is also ours; by date it is that minute. */
function windowOf({ leaf }: Present, suggests: boolean): Renewal["window"] {
  const middle = leaf.validToDate.getTime() - marginMs(leaf);
  const half = lifetimeMs(leaf) / 100;
  return suggests
    ? { start: new Date(middle - half), end: new Date(middle + half) }
    : { start: new Date(middle), end: new Date(middle + 2 * MINUTE_MS) };
}

/** Those that were not where they had to be. A minute passes between two looks. */
export const outsideWindow = ({ renewals }: Year): Renewal[] =>
  renewals.filter(({ at, window }) => at < window.start || at.getTime() > window.end.getTime() + MINUTE_MS);

/** A generator of the same numbers each time. @see Marsaglia, "Xorshift RNGs" */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
