import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { OperatorError } from "@appliance/errors";

/** Clocks that differ by less do not spoil a certificate; zones that were taken for each other do not differ by more. */
const MOST_APART_MS = 24 * 3_600_000;
const TIMEOUT_MS = 15_000;

/**
 * Compares this host's clock with the authority's.
 * @throws OperatorError `CLOCK_WRONG` when they are more than a day apart
 */
export async function checkClock(directoryUrl: string, now: Date, signal: AbortSignal): Promise<void> {
  const theirs = await authorityTime(directoryUrl, signal);
  if (theirs === undefined || Math.abs(theirs.getTime() - now.getTime()) <= MOST_APART_MS) return;
  const { host } = new URL(directoryUrl);
  throw new OperatorError(
    "CLOCK_WRONG",
    `The clock of this host says ${now.toISOString()}, that of ${host} says ${theirs.toISOString()}.`,
    {
      remedy: "Set the clock of this host right (timedatectl), and let it be kept right. It is tried again by itself.",
    },
  );
}

/**
 * What time the authority says it is; undefined when it does not say. Under a wrong clock its certificate seems expired, so that it is
 * not checked here: this answer only names a cause, and an order is never made on its word.
 */
async function authorityTime(directoryUrl: string, signal: AbortSignal): Promise<Date | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const options = { method: "HEAD", agent: false, rejectUnauthorized: false, signal: limit } as const;
  try {
    const asked = request(directoryUrl, options).end();
    const [answer] = (await once(asked, "response", { signal: limit })) as [IncomingMessage];
    answer.on("error", () => {}).destroy();
    const date = new Date(answer.headers.date ?? "");
    return Number.isNaN(date.getTime()) ? undefined : date;
  } catch {
    signal.throwIfAborted();
    return undefined; // that the authority is away is told by who asks it in earnest
  }
}
