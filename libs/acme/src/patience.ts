import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { AcmeError } from "./acme-error.ts";

export interface Patience {
  /** How long one call waits at most for a moment that the authority named with Retry-After; beyond it the error is thrown. */
  patienceMs: number;
  /** The pause before the first repetition; each further one is longer. */
  retryDelayMs: number;
  /** How long a validation or an order may stay undecided. */
  pollLimitMs: number;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Requests that fail for a passing reason: the first, and after 1, 2 and 4 s. */
const MOST_ATTEMPTS = 4;
const LONGEST_POLL_DELAY = 10;

/** Waits; throws the reason of `signal` once it aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, ms), undefined, { signal }).catch(() => signal.throwIfAborted());
}

/**
 * Attempts again what failed for a passing reason.
 *
 * A refusal that names a moment is waited for within the patience; nothing was done, so it is safe. What broke in the middle
 * is attempted again only when it is `repeatable`, that is, when the authority may get the request twice.
 */
export async function patiently<T>(
  attempt: () => Promise<T>,
  { repeatable, signal, patience }: { repeatable: boolean; signal: AbortSignal; patience: Patience },
): Promise<T> {
  const giveUpAt = patience.now() + patience.patienceMs;
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      const again =
        error instanceof AcmeError ? nextAttempt(error, attempts, { giveUpAt, repeatable, patience }) : undefined;
      if (again === undefined) throw error;
      await pause(again, signal);
    }
  }
}

/** Milliseconds to the next attempt, or undefined when there is to be none. */
function nextAttempt(
  { retryAt, isTransient }: AcmeError,
  attempts: number,
  { giveUpAt, repeatable, patience }: { giveUpAt: number; repeatable: boolean; patience: Patience },
): number | undefined {
  if (retryAt !== undefined) {
    const waitMs = Math.max(retryAt.getTime() - patience.now(), patience.retryDelayMs);
    return patience.now() + waitMs <= giveUpAt ? waitMs : undefined;
  }
  if (!isTransient || !repeatable || attempts >= MOST_ATTEMPTS) return undefined;
  return patience.retryDelayMs * 2 ** (attempts - 1);
}

/** What an answer showed, and when the authority wants to be asked again. */
export interface Look<T> {
  value: T;
  retryAt: Date | undefined;
}

/**
 * Looks again and again until `isDone`, as often as Retry-After says, without it in growing steps.
 * @returns the last look, which is not done when the limit of the patience came first
 */
export async function poll<T>(
  first: Look<T>,
  look: () => Promise<Look<T>>,
  { isDone, signal, patience }: { isDone: (value: T) => boolean; signal: AbortSignal; patience: Patience },
): Promise<Look<T>> {
  const started = performance.now();
  let last = first;
  for (let delay = 1; !isDone(last.value); delay = Math.min(delay * 1.5, LONGEST_POLL_DELAY)) {
    const waitMs = last.retryAt ? last.retryAt.getTime() - patience.now() : delay * patience.retryDelayMs;
    if (performance.now() - started + waitMs > patience.pollLimitMs) return last;
    await pause(Math.max(waitMs, patience.retryDelayMs), signal);
    last = await look();
  }
  return last;
}
