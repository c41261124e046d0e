import type { CertificateStore, Stored } from "./certificate-store.ts";
import { covers, type Clock, type KeyPair } from "./key-pair.ts";
import { planNames, type Wanted } from "./plan-names.ts";
import type { Present } from "./plan-renewal.ts";
import { currentState, wasAhead, type RenewalState, type StateFile } from "./renewal-state.ts";

/** A certificate that was obtained and may be served or renewed. */
export interface PresentCertificate extends Present {
  pair: KeyPair;
}

/** What is on disk about the renewal of one wanted certificate. */
export interface KnownFacts {
  names: string[];
  domain: string;
  directoryUrl: string;
  present: PresentCertificate | undefined;
  state: RenewalState;
  /** Whether the state is not the one on disk but has to be written, since the clock was set back. */
  isMoved: boolean;
}

export async function readFacts(
  { store, stateFile, now }: { store: CertificateStore; stateFile: StateFile; now: Date },
  wanted: Wanted & { acme: NonNullable<Wanted["acme"]> },
): Promise<KnownFacts> {
  const { asked, domain } = planNames(wanted);
  const { directoryUrl } = wanted.acme;
  const kept = await stateFile.read(now);
  const state = currentState(kept, { text: goalOf(wanted, asked), directoryUrl }, now);
  const present = presentOf(await store.obtained(), asked, domain, now);
  return { names: asked, domain, directoryUrl, present, state, isMoved: wasAhead(kept, now) };
}

/** What a person changes so that an attempt that failed may succeed. */
function goalOf({ acme }: Wanted, names: readonly string[]): string {
  return JSON.stringify([acme?.directoryUrl, acme?.profile, acme?.externalAccount?.keyId, ...names]);
}

/** The newest one for the domain. One that was never proven counts while it lives, and only where nothing newer was proven. */
function presentOf(stored: readonly Stored[], names: readonly string[], domain: string, now: Date) {
  return stored
    .flatMap((one) => toPresent(one, names))
    .filter(({ names: has, proven, leaf }) => has.includes(domain) && (proven || leaf.validToDate > now))
    .toSorted((one, other) => other.obtainedAt.getTime() - one.obtainedAt.getTime())
    .at(0);
}

function toPresent({ id, pair, about }: Stored, names: readonly string[]): PresentCertificate[] {
  if ("unfit" in pair || about === undefined) return [];
  const { obtainedAt, directoryUrl, provenAt } = about;
  const has = names.filter((name) => covers(pair.leaf, name));
  return [{ id, pair, leaf: pair.leaf, names: has, obtainedAt, directoryUrl, proven: provenAt !== null }];
}

/** An authority that found the clock wrong is believed until the next attempt would have told again. */
const BELIEVED_MS = 26 * 3_600_000;

/** Whether certificates may be judged by this host's clock. */
export function clockOf(now: Date, builtAt: Date, { lastError }: RenewalState): Clock {
  const sinceError = lastError?.code === "CLOCK_WRONG" ? now.getTime() - lastError.at.getTime() : Infinity;
  return { now, trusted: now >= builtAt && Math.abs(sinceError) > BELIEVED_MS };
}
