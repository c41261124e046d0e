import { join } from "node:path";
import { toFailure, type Failure } from "@appliance/errors";
import { ensureDirectory, withFlock } from "@appliance/files";
import type { ClientCertificate } from "@appliance/jobs";
import { createAuthorityStore } from "./authority-store.ts";
import { bundleOf, type BundledAuthority, type ClientBundle } from "./client-bundle.ts";
import { refreshLists, type ClientAuthorityDeps, type Context } from "./context.ts";
import { issueCertificate, type IssuedClient } from "./issue-certificate.ts";
import { createListKeeper } from "./list-keeper.ts";
import type { ClientRequest } from "./plan-certificate.ts";
import { readRegister, writeRegister, type Register } from "./register.ts";
import { revokeCertificates } from "./revoke-certificates.ts";
import { addAuthority, finishRollOver, rollOver } from "./roll-over.ts";
import { readStatus, type ClientAuthorityStatus } from "./status.ts";

/**
 * The appliance's own authority of client certificates. One call at a time changes it: the caller sees to that within its
 * process, a lock file between processes. A second delivery of `ensure`, `revoke` or `rollover` finds nothing left to do.
 */
export interface ClientAuthority {
  /**
   * Sees that there is an authority, and that each has a list which is less than a day old and revokes what it should; with
   * `fresh` a new list is made in any case. Returns what could not be done; what is in service stays.
   * @throws OperatorError `CLOCK_WRONG`, or when the first authority cannot be made
   */
  ensure(options: { fresh?: boolean }, signal: AbortSignal): Promise<readonly Failure[]>;
  /** What nginx is to be given; null when no authority has a list that is good now. */
  bundle(signal: AbortSignal): Promise<ClientBundle | null>;
  /**
   * Makes a key and a certificate for a person. It is in the register before this returns, and the key is nowhere but in the
   * package.
   * @throws OperatorError `CLIENT_EMAIL_REFUSED`, `CLIENT_NAME_REFUSED`, `CLIENT_CA_MISSING`, `CLIENT_CA_ENDS`, `CLIENT_CA_KEY_LOST`
   */
  issue(request: ClientRequest, signal: AbortSignal): Promise<IssuedClient>;
  /** Every certificate that was issued, the newest first. */
  list(): Promise<ClientCertificate[]>;
  /**
   * Revokes one certificate by its serial, or every one of an e-mail address that has not ended, and makes the list. Returns
   * those it means, also when they were revoked before.
   * @throws OperatorError `CLIENT_CERTIFICATE_UNKNOWN`, or `CLIENT_CA_KEY_LOST` when the list cannot be made
   */
  revoke(which: string, signal: AbortSignal): Promise<ClientCertificate[]>;
  /**
   * Makes a second authority, which issues from now on; both are accepted. `begun` is false when there were two already.
   * `authority` is the serial of the one that issues.
   */
  rollover(signal: AbortSignal): Promise<{ authority: string; begun: boolean }>;
  /**
   * Ends the acceptance of all but the newest authority and destroys their keys; what they issued is revoked in the register.
   * `retired` has their serials, `stopped` counts the valid certificates that no longer work.
   * @throws OperatorError `CLIENT_CA_NO_ROLLOVER` when there is one alone, `CLIENT_CA_ENDS` or `CLIENT_CA_KEY_LOST` when the newest
   * cannot take over
   */
  finishRollover(signal: AbortSignal): Promise<{ retired: string[]; stopped: number }>;
  status(signal: AbortSignal): Promise<ClientAuthorityStatus>;
}

const LOCK_WAIT_MS = 60_000;

export function createClientAuthority(deps: ClientAuthorityDeps): ClientAuthority {
  const context = createContext(deps);
  const locked = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    await ensureDirectory(deps.folder, { mode: 0o700 });
    return await withFlock(join(deps.folder, "lock"), { waitMs: LOCK_WAIT_MS, signal }, work);
  };
  return {
    ensure: ({ fresh = false }, signal) => locked(signal, () => ensure(context, fresh, signal)),
    bundle: (signal) => bundle(context, signal),
    issue: (request, signal) => locked(signal, () => issueCertificate(context, request, signal)),
    list: async () => (await context.register.read()).certificates.toReversed(),
    revoke: (which, signal) => locked(signal, () => revokeCertificates(context, which, signal)),
    rollover: (signal) => locked(signal, () => rollOver(context, signal)),
    finishRollover: (signal) => locked(signal, () => finishRollOver(context)),
    status: (signal) => readStatus(context, signal),
  };
}

function createContext(deps: ClientAuthorityDeps): Context {
  const store = createAuthorityStore(deps.folder);
  const file = join(deps.folder, "register.jsonl");
  const register = { read: () => readRegister(file), write: (all: Register) => writeRegister(file, all) };
  return { deps, store, lists: createListKeeper(store, deps), register };
}

async function ensure(context: Context, fresh: boolean, signal: AbortSignal): Promise<readonly Failure[]> {
  await context.store.tidy();
  const { authorities, damaged } = await context.store.read();
  // One that is damaged is not replaced unasked: it may come back from the backup.
  if (authorities.length === 0 && damaged.length === 0) await addAuthority(context, signal);
  const failures = await refreshLists(context, { fresh }, signal);
  return Array.from(failures.values(), toFailure);
}

async function bundle({ deps, store, lists }: Context, signal: AbortSignal): Promise<ClientBundle | null> {
  const now = deps.now();
  const accepted: BundledAuthority[] = [];
  for (const { certificate, ...authority } of (await store.read()).authorities) {
    const list = await lists.present({ certificate, ...authority }, signal);
    const { nextUpdate = null, thisUpdate = now } = list?.crl ?? {};
    const hasList = nextUpdate !== null && nextUpdate > now && thisUpdate <= now;
    if (hasList && certificate.validFromDate <= now && certificate.validToDate > now)
      accepted.push({ certificate, list });
  }
  return bundleOf(accepted);
}
