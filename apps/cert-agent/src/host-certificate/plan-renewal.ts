import type { RenewalState } from "./renewal-state.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Below this lifetime a third would leave too little time for an authority that is away. */
const SHORT_LIFETIME_MS = 10 * DAY_MS;
/** Let's Encrypt takes 5 failed validations of a name in an hour. */
const MOST_VALIDATIONS_AN_HOUR = 4;

interface Dated {
  validFromDate: Date;
  validToDate: Date;
}

/** The certificate that an authority gave last. */
export interface Present {
  id: string;
  /** Its dates and serial; of an `X509Certificate`. */
  leaf: Dated & { serialNumber: string };
  /** Those of the wanted names that it has. */
  names: readonly string[];
  obtainedAt: Date;
  directoryUrl: string;
  /** False while it was not seen in service: it is put there before another one is ordered. */
  proven: boolean;
}

export interface RenewalFacts {
  /** The names to ask for, the domain first. */
  names: readonly string[];
  directoryUrl: string;
  present: Present | undefined;
  state: RenewalState;
  asked: Asked;
}

/**
 * What a person wants: one that is due is then not put off after a failure, and `in any case` none has to be due. The authority's
 * Retry-After and the count of failed validations hold all the same.
 */
export type Asked = "by nobody" | "if due" | "in any case";

export type RenewalStep =
  | { action: "wait"; until: Date; reason: string }
  /** Look whether the authority is there again, and agrees about the time; nothing is ordered. */
  | { action: "look" }
  | { action: "put"; id: string }
  /** `leftOut`: an order for the sake of names that an earlier one had to go without. */
  | { action: "order"; names: string[]; leftOut: boolean };

interface Due {
  at: Date;
  /** When it may be tried again after failures; without one, at once. */
  retryAt: Date | null;
  step: RenewalStep;
  reason: string;
}

/** What is to be done about the certificate now. Pure. */
export function planRenewal(facts: RenewalFacts, now: Date): RenewalStep {
  const dues = [dueItself(facts, now), ...dueForLeftOut(facts)].map((due) => ({ ...due, ...startOf(due, facts, now) }));
  // Of two that may begin now, the certificate itself comes before its further names.
  const first = dues.reduce((best, due) => (due.start < best.start ? due : best));
  if (first.start <= now) return first.step;
  const lookAt = whenLooked(first, facts.state, now);
  if (lookAt !== undefined && lookAt <= now) return { action: "look" };
  return { action: "wait", until: earliest(first.start, lookAt), reason: first.reason };
}

/** How long before its end a certificate is renewed where nobody suggests a moment: no number of days, lifetimes get shorter. */
export function marginMs(leaf: Dated): number {
  const lifetime = lifetimeMs(leaf);
  return lifetime < SHORT_LIFETIME_MS ? lifetime / 2 : lifetime / 3;
}

export const lifetimeMs = ({ validFromDate, validToDate }: Dated): number =>
  validToDate.getTime() - validFromDate.getTime();

/** When the certificate itself is due, by the authority's suggestion or by its dates. */
export function whenDue({ leaf, obtainedAt }: Present, suggestion: RenewalState["suggestion"]): Date {
  const end = leaf.validToDate.getTime();
  const byDate = end - marginMs(leaf);
  const chosen = suggestion?.serial === leaf.serialNumber ? suggestion.chosen : null;
  if (chosen === null) return new Date(byDate);
  // However late the authority would have it, half the usual time is left; however often, once a day is enough.
  const latest = end - marginMs(leaf) / 2;
  const soonest = obtainedAt.getTime() + Math.min(DAY_MS, lifetimeMs(leaf) / 6);
  return new Date(Math.min(Math.max(chosen.getTime(), soonest), latest));
}

function dueItself(facts: RenewalFacts, now: Date): Due {
  const { present, state, asked, directoryUrl, names } = facts;
  const order = (without: readonly string[]): RenewalStep => ({
    action: "order",
    names: names.filter((name) => !without.includes(name)),
    leftOut: false,
  });
  const { names: leftOut } = state.leftOut;
  const due: Due = { at: now, retryAt: state.retry.at, step: order(leftOut), reason: "it is due" };
  if (present && !present.proven) return { ...due, step: { action: "put", id: present.id } };
  if (asked === "in any case") return { ...due, step: order([]) };
  if (present === undefined || present.directoryUrl !== directoryUrl) return due;
  if (names.some((name) => !present.names.includes(name) && !leftOut.includes(name))) return due;
  const at = whenDue(present, state.suggestion);
  return { ...due, at, reason: "the certificate is young enough" };
}

function dueForLeftOut({ names, asked, state: { leftOut } }: RenewalFacts): Due[] {
  if (leftOut.names.length === 0) return [];
  const step: RenewalStep = { action: "order", names: [...names], leftOut: true };
  const reason = `the next attempt to have ${leftOut.names.join(", ")} certified`;
  const at = asked === "by nobody" ? leftOut.at : null;
  return [{ at: at ?? new Date(0), retryAt: null, step, reason }];
}

/** The moment from which on nothing speaks against it, not before now, and what spoke against it until then. */
function startOf({ at, retryAt, step, reason }: Due, { state, asked }: RenewalFacts, now: Date) {
  const gates = [
    { at, reason },
    { at: asked === "by nobody" ? retryAt : null, reason: "the next attempt after a failure" },
    ...(step.action === "put" ? [] : gatesOfAuthority(state, now)),
  ];
  return gates.reduce(
    (last, gate) => (gate.at !== null && gate.at > last.start ? { start: gate.at, reason: gate.reason } : last),
    { start: now, reason },
  );
}

/** These hold for a person too. */
const gatesOfAuthority = ({ authority, validations }: RenewalState, now: Date) => [
  { at: authority.notBefore, reason: "the certificate authority wants no request before" },
  {
    at: validationsAllowedAt(validations, now),
    reason: `${MOST_VALIDATIONS_AN_HOUR} validations failed within an hour`,
  },
];

/** Null when there is room for another validation within this hour. */
function validationsAllowedAt(begun: readonly Date[], now: Date): Date | null {
  const hourAgo = now.getTime() - HOUR_MS;
  const recent = begun.filter((at) => at.getTime() > hourAgo).toSorted((one, other) => other.getTime() - one.getTime());
  const oldest = recent[MOST_VALIDATIONS_AN_HOUR - 1];
  return oldest === undefined ? null : new Date(oldest.getTime() + HOUR_MS);
}

/** Only while all that is missing is the authority itself: what is waited for by its word or by date is not hastened. */
function whenLooked({ at, step }: Due, { authority }: RenewalState, now: Date): Date | undefined {
  if (!authority.away || step.action !== "order" || at > now) return undefined;
  return latest(authority.lookAt ?? now, authority.notBefore);
}

function latest(first: Date, ...others: (Date | null)[]): Date {
  return new Date(Math.max(first.getTime(), ...others.map((at) => at?.getTime() ?? 0)));
}

const earliest = (one: Date, other: Date | undefined): Date => (other !== undefined && other < one ? other : one);

/** Whether the authority is to be asked for its suggestion now. */
export function isSuggestionWanted({ present, state, directoryUrl }: RenewalFacts, now: Date): boolean {
  const { suggestion, authority } = state;
  if (!present?.proven || present.directoryUrl !== directoryUrl) return false;
  if (authority.notBefore !== null && authority.notBefore > now) return false;
  return suggestion?.serial !== present.leaf.serialNumber || suggestion.askAgainAt <= now;
}
