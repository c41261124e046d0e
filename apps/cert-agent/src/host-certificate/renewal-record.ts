import { AcmeError, type NameFailure, type RenewalInfo } from "@appliance/acme";
import { toFailure } from "@appliance/errors";
import { NO_RETRY, type RenewalState, type Retry } from "./renewal-state.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** After these, once a day. */
const FIRST_RETRIES_MS = [MINUTE_MS, 10 * MINUTE_MS, 100 * MINUTE_MS];
/** An authority that is away is looked at, which costs it one unsigned request. */
const LOOK_EVERY_MS = HOUR_MS / 2;
/** Renewal information is asked for at least twice a day (Let's Encrypt's integration guide), and after a failure not at once. */
const SUGGESTION_LATEST_MS = DAY_MS / 2;
const SUGGESTION_RETRY_MS = HOUR_MS;

/** What is decided by chance, and when. */
export interface Moment {
  now: Date;
  /** At least 0, below 1. */
  random: () => number;
}

export interface Attempt {
  names: readonly string[];
  /** The domain, without which there is no order. */
  domain: string;
  leftOut: boolean;
}

/** How an attempt failed. */
export interface AttemptFailure {
  error: unknown;
  /** Each name by itself, where the failure is of names. */
  failures: readonly NameFailure[];
  /** The authority was not there or the clocks disagreed, so that nothing was asked of it. */
  beforeAsking: boolean;
}

/** The state after an attempt that gave no certificate in service. Pure. */
export function afterFailure(
  state: RenewalState,
  attempt: Attempt,
  failure: AttemptFailure,
  moment: Moment,
): RenewalState {
  const { now } = moment;
  const { error, failures, beforeAsking } = failure;
  const retryAfter = error instanceof AcmeError ? (error.retryAt ?? null) : null;
  const troubles = failures.map((one) => ({ ...one, at: now }));
  const counted = attempt.leftOut
    ? { leftOut: { ...state.leftOut, ...again(state.leftOut, moment), names: leftOutAfter(state, attempt, failures) } }
    : { retry: again(state.retry, moment), leftOut: withLeftOut(state, attempt, failures, moment) };
  return {
    ...state,
    ...counted,
    authority: {
      ...state.authority,
      notBefore: retryAfter ?? state.authority.notBefore,
      away: beforeAsking,
      lookAt: beforeAsking ? new Date(now.getTime() + LOOK_EVERY_MS) : null,
    },
    names: troubles.length > 0 ? troubles : state.names,
    lastError: { ...toFailure(error), at: now },
    attempts: { ...state.attempts, failed: state.attempts.failed + 1 },
  };
}

/** The state after a new certificate was seen in service. Pure. */
export function afterSuccess(state: RenewalState, attempt: Pick<Attempt, "names">): RenewalState {
  const missing = state.leftOut.names.filter((name) => !attempt.names.includes(name));
  return {
    ...state,
    retry: NO_RETRY,
    leftOut: missing.length === 0 ? { ...NO_RETRY, names: [] } : { ...state.leftOut, names: missing },
    authority: { ...state.authority, away: false, lookAt: null },
    suggestion: null,
    names: state.names.filter(({ name }) => missing.includes(name)),
    lastError: missing.length === 0 ? null : state.lastError,
    attempts: { ...state.attempts, succeeded: state.attempts.succeeded + 1 },
  };
}

/** The authority was looked at: if it is there, what is due is tried at once. Pure. */
export function afterLook(state: RenewalState, isThere: boolean, retryAt: Date | undefined, now: Date): RenewalState {
  const { authority } = state;
  if (!isThere) {
    const lookAt = new Date(now.getTime() + LOOK_EVERY_MS);
    return { ...state, authority: { ...authority, lookAt, notBefore: retryAt ?? authority.notBefore } };
  }
  return { ...state, retry: { ...state.retry, at: null }, authority: { ...authority, away: false, lookAt: null } };
}

/**
 * The state after renewal information was asked for. The moment is drawn once for each window, so that looking often does not
 * make it earlier. Pure.
 * @param info undefined when the authority has none
 */
export function afterSuggestion(
  state: RenewalState,
  serial: string,
  info: RenewalInfo | undefined,
  { now, random }: Moment,
): RenewalState {
  const latest = now.getTime() + SUGGESTION_LATEST_MS;
  if (info === undefined)
    return { ...state, suggestion: { serial, window: null, chosen: null, askAgainAt: new Date(latest) } };
  const { start, end } = info;
  const known = state.suggestion?.serial === serial ? state.suggestion : null;
  const isSame = known?.window?.start.getTime() === start.getTime() && known.window.end.getTime() === end.getTime();
  const drawn = new Date(start.getTime() + random() * (end.getTime() - start.getTime()));
  return {
    ...state,
    suggestion: {
      serial,
      window: { start, end, explanationUrl: info.explanationUrl ?? null },
      chosen: isSame && known.chosen ? known.chosen : drawn,
      askAgainAt: new Date(Math.min(info.askAgainAt.getTime(), latest)),
    },
  };
}

/** Renewal information could not be had: what is known of it stays, and the date decides where nothing is. Pure. */
export function afterNoSuggestion(
  state: RenewalState,
  serial: string,
  retryAt: Date | undefined,
  now: Date,
): RenewalState {
  const known = state.suggestion?.serial === serial ? state.suggestion : { serial, window: null, chosen: null };
  const soonest = now.getTime() + SUGGESTION_RETRY_MS;
  return { ...state, suggestion: { ...known, askAgainAt: new Date(Math.max(soonest, retryAt?.getTime() ?? 0)) } };
}

/** A validation begins; it counts as failed until `afterValidation`. Pure. */
export function beforeValidation(state: RenewalState, now: Date): RenewalState {
  const recent = state.validations.filter((at) => now.getTime() - at.getTime() < HOUR_MS);
  return { ...state, validations: [...recent, now] };
}

/** The validation that began last went well. Pure. */
export function afterValidation(state: RenewalState): RenewalState {
  return { ...state, validations: state.validations.slice(0, -1) };
}

function again({ failures }: Retry, { now, random }: Moment): Retry {
  const delay = FIRST_RETRIES_MS[failures] ?? DAY_MS + random() * HOUR_MS;
  return { failures: failures + 1, at: new Date(now.getTime() + delay) };
}

/** Of an order that failed, the further names to go without in the next one. */
function withLeftOut(
  state: RenewalState,
  attempt: Attempt,
  failures: readonly NameFailure[],
  moment: Moment,
): RenewalState["leftOut"] {
  const names = leftOutAfter(state, attempt, failures);
  const isNew = names.some((name) => !state.leftOut.names.includes(name));
  return isNew ? { ...again(NO_RETRY, moment), names } : state.leftOut;
}

function leftOutAfter(
  { leftOut }: RenewalState,
  { names, domain }: Attempt,
  failures: readonly NameFailure[],
): string[] {
  if (failures.length === 0) return leftOut.names;
  const failed = failures.map(({ name }) => name).filter((name) => name !== domain && names.includes(name));
  const notTried = leftOut.names.filter((name) => !names.includes(name));
  return [...new Set([...notTried, ...failed])];
}
