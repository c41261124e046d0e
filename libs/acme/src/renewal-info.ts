import type { X509Certificate } from "node:crypto";
import * as z from "zod";
import { unreadable } from "./acme-error.ts";
import { certificateId } from "./certificate-id.ts";
import type { HttpAnswer } from "./exchange.ts";
import { readAnswer } from "./read-answer.ts";
import { retryAfter } from "./retry-after.ts";

/** When an authority would have a certificate renewed; RFC 9773. */
export interface RenewalInfo {
  /** Renew at a random moment between both; at once when both are past. */
  start: Date;
  end: Date;
  /** A page that says why, such as an incident. */
  explanationUrl: string | undefined;
  /** When to ask again: as Retry-After says, at least a minute and at most a day from now; without it in 6 hours. */
  askAgainAt: Date;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const renewalInfoSchema = z.object({
  suggestedWindow: z.object({ start: instant, end: instant }),
  explanationURL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .catch(undefined),
});

/** An unsigned GET, and what was read from its answer. */
export type Get = <T>(url: string, read: (answer: HttpAnswer) => T, signal: AbortSignal) => Promise<T>;

/** @throws OperatorError `ACME_ANSWER_UNREADABLE` when the window ends before it starts */
export async function fetchRenewalInfo(
  deps: { renewalInfoUrl: string; get: Get; now: () => number },
  certificate: X509Certificate,
  signal: AbortSignal,
): Promise<RenewalInfo> {
  const url = `${deps.renewalInfoUrl.replace(/\/$/, "")}/${certificateId(certificate)}`;
  return deps.get(url, (answer) => readRenewalInfo(answer, deps.now()), signal);
}

function readRenewalInfo(answer: HttpAnswer, now: number): RenewalInfo {
  const { suggestedWindow, explanationURL } = readAnswer(renewalInfoSchema, answer);
  if (suggestedWindow.end <= suggestedWindow.start) throw unreadable(answer.url, "its window ends before it starts");
  return { ...suggestedWindow, explanationUrl: explanationURL, askAgainAt: askAgain(answer, now) };
}

function askAgain({ headers }: HttpAnswer, now: number): Date {
  const waitMs = (retryAfter(headers, now)?.getTime() ?? now + 6 * HOUR_MS) - now;
  return new Date(now + Math.min(Math.max(waitMs, MINUTE_MS), DAY_MS));
}
