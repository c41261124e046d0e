import { setTimeout as sleep } from "node:timers/promises";
import type { X509Certificate } from "node:crypto";
import { servedCertificate, type Listener } from "./served-certificate.ts";

/** What was served before a change, place by place. */
export type Before = ReadonlyMap<Listener, X509Certificate | undefined>;

/** Where a certificate was expected and what was found there: another one, or no answer. */
export interface Miss {
  where: Listener;
  found: X509Certificate | undefined;
}

/** nginx says when it has taken a set over; a mail gateway reads the same folder in its own time. */
const SERVED_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 250;

export async function lookAt(places: readonly Listener[], signal: AbortSignal): Promise<Before> {
  return new Map(await Promise.all(places.map(async (one) => [one, await servedCertificate(one, signal)] as const)));
}

/**
 * The places that have to serve `next` once it is published: the web server always, a mail port where `former` was served. A mail
 * port with nothing or with a certificate of its own belongs to another program, which a change of ours cannot move.
 */
export function placesToProve(before: Before, former: X509Certificate | undefined): Listener[] {
  return [...before].filter(([{ isMail }, found]) => !isMail || isSame(found, former)).map(([place]) => place);
}

/** The first place that does not come to serve `wanted`; undefined when all do. */
export async function firstMiss(
  places: readonly Listener[],
  wanted: X509Certificate,
  signal: AbortSignal,
  withinMs = SERVED_WITHIN_MS,
): Promise<Miss | undefined> {
  const deadline = performance.now() + withinMs;
  for (const where of places) {
    const found = await waitFor(where, wanted, deadline, signal);
    if (!isSame(found, wanted)) return { where, found };
  }
  return undefined;
}

async function waitFor(where: Listener, wanted: X509Certificate, deadline: number, signal: AbortSignal) {
  for (;;) {
    const found = await servedCertificate(where, signal);
    if (isSame(found, wanted) || performance.now() > deadline) return found;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

function isSame(a: X509Certificate | undefined, b: X509Certificate | undefined): boolean {
  return a !== undefined && a.fingerprint256 === b?.fingerprint256;
}
