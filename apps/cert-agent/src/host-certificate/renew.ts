import { AcmeError } from "@appliance/acme";
import { isInterrupted, OperatorError, toFailure } from "@appliance/errors";
import { withFlock } from "@appliance/files";
import {
  lookAtAuthority,
  orderCertificate,
  putIntoService,
  type AttemptDeps,
  type Put,
  type Session,
} from "./attempt.ts";
import { ChallengeUnreachable } from "./challenge-test.ts";
import type { Log } from "./log.ts";
import { clientOf, type Authority } from "./obtain.ts";
import { whyNotObtained, type Wanted } from "./plan-names.ts";
import { isSuggestionWanted, planRenewal, type Asked, type RenewalStep } from "./plan-renewal.ts";
import { readFacts, type KnownFacts } from "./renewal-facts.ts";
import { afterFailure, afterLook, afterNoSuggestion, afterSuccess, afterSuggestion } from "./renewal-record.ts";
import type { StateFile } from "./renewal-state.ts";

export interface RenewOptions {
  asked: Asked;
  put: Put;
}

/** What came of it. That no certificate was had is a report, not an error. */
export type RenewalReport =
  | { outcome: "not due"; reason: string; /** When it is looked at again; an ISO instant. */ until: string | null }
  | { outcome: "renewed" }
  | { outcome: "failed"; code: string; message: string; remedy: string; /** An ISO instant. */ retryAt: string };

export interface RenewDeps extends AttemptDeps {
  stateFile: StateFile;
  log: Log;
  random: () => number;
  /** When this version was built: a clock that says less is wrong. */
  builtAt: Date;
}

/** Nonces are asked for again without limit and orders are waited for, so that the whole has one. */
const LONGEST_ATTEMPT_MS = 20 * 60_000;
const LOCK_WAIT_MS = LONGEST_ATTEMPT_MS + 5 * 60_000;

type Obtainable = Wanted & { acme: Authority };

/** Renews the certificate where that is due. @throws the reason of `signal`, `LOCK_TAKEN` */
export async function renew(
  deps: RenewDeps,
  wanted: Wanted,
  options: RenewOptions,
  signal: AbortSignal,
): Promise<RenewalReport> {
  const startedAt = deps.now();
  const { acme } = wanted;
  const reason = whyNotObtained(wanted) ?? whyClockIsWrong(startedAt, deps.builtAt);
  if (reason !== undefined || acme === null) return notDue(reason ?? "none is asked for", null);
  const obtainable = { ...wanted, acme };
  const facts = await readFacts({ ...deps, now: startedAt }, obtainable);
  const step = planRenewal({ ...facts, asked: options.asked }, startedAt);
  // Every minute finds nothing to do; that needs no lock.
  const isIdle = step.action === "wait" && !facts.isMoved;
  if (isIdle && !isSuggestionWanted({ ...facts, asked: options.asked }, startedAt)) return waiting(step);
  return withFlock(deps.files.lockPath, { waitMs: LOCK_WAIT_MS, signal }, async (lost) => {
    const limit = AbortSignal.timeout(LONGEST_ATTEMPT_MS);
    const run = createRun(deps, obtainable, options, AbortSignal.any([signal, lost, limit]));
    return run(startedAt).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  });
}

const whyClockIsWrong = (now: Date, builtAt: Date): string | undefined =>
  now < builtAt ? `the clock of this host says ${now.toISOString()}, which is before this version was made` : undefined;

const notDue = (reason: string, until: Date | null): RenewalReport => ({
  outcome: "not due",
  reason,
  until: until && until.toISOString(),
});

const waiting = ({ reason, until }: Extract<RenewalStep, { action: "wait" }>) => notDue(reason, until);

/** One run while the lock is held. */
function createRun(deps: RenewDeps, wanted: Obtainable, { asked, put }: RenewOptions, signal: AbortSignal) {
  const { now, random, stateFile, folder, log } = deps;
  const moment = () => ({ now: now(), random });
  const look = () => readFacts({ ...deps, now: now() }, wanted);
  const open = (facts: KnownFacts): Session => {
    const session: Session = {
      state: facts.state,
      update: async (change) => {
        session.state = { ...change(session.state), writtenAt: now() };
        await stateFile.write(session.state);
      },
    };
    return session;
  };

  async function run(startedAt: Date): Promise<RenewalReport> {
    await folder.removeLeftovers();
    const facts = await look();
    const hasJustCome = facts.present?.proven === true && facts.present.obtainedAt >= startedAt;
    if (asked === "in any case" && hasJustCome) return notDue("another run has just obtained one", null);
    const session = open(facts);
    if (facts.isMoved) await session.update((state) => state);
    await askForSuggestion(facts, session);
    const step = planRenewal({ ...facts, state: session.state, asked }, now());
    if (step.action === "wait") return waiting(step);
    return step.action === "look" ? lookAgain(session, startedAt) : carryOut(step, facts, session);
  }

  async function askForSuggestion(facts: KnownFacts, { state, update }: Session): Promise<void> {
    const { present } = facts;
    if (present === undefined || !isSuggestionWanted({ ...facts, state, asked }, now())) return;
    const { serialNumber } = present.leaf;
    try {
      const info = await clientOf(wanted.acme, deps.acmeOptions).renewalInfo(present.pair.leaf, signal);
      await update((before) => afterSuggestion(before, serialNumber, info, moment()));
    } catch (error) {
      signal.throwIfAborted();
      log.info({ err: error }, "the authority does not say when to renew; the date decides");
      await update((before) => afterNoSuggestion(before, serialNumber, retryAtOf(error), now()));
    }
  }

  async function lookAgain({ update }: Session, startedAt: Date): Promise<RenewalReport> {
    try {
      await lookAtAuthority(wanted.acme, deps, signal);
      await update((state) => afterLook(state, true, undefined, now()));
    } catch (error) {
      signal.throwIfAborted();
      await update((state) => afterLook(state, false, retryAtOf(error), now()));
    }
    return run(startedAt);
  }

  async function carryOut(
    step: Exclude<RenewalStep, { action: "wait" | "look" }>,
    facts: KnownFacts,
    session: Session,
  ) {
    const { domain, present } = facts;
    const isPut = step.action === "put";
    const attempt = isPut
      ? { names: present?.names ?? [], domain, leftOut: false }
      : { names: step.names, domain, leftOut: step.leftOut };
    log.info({ step }, "an attempt at the certificate of this host begins");
    let beforeAsking = !isPut;
    try {
      if (!isPut) await lookAtAuthority(wanted.acme, deps, signal);
      beforeAsking = false;
      const id = isPut
        ? step.id
        : await orderCertificate(step.names, { authority: wanted.acme, present, session }, deps, signal);
      await putIntoService(id, put, deps, signal);
      await session.update((state) => afterSuccess(state, attempt));
      return { outcome: "renewed" as const };
    } catch (thrown) {
      const error = asFailure(thrown, signal);
      log.warn({ err: error }, "there is no new certificate of this host; the present one stays");
      const failure = { error, failures: failuresIn(error), beforeAsking };
      await session.update((state) => afterFailure(state, attempt, failure, moment()));
      return reportFailure(error);
    }
  }

  async function reportFailure(error: unknown): Promise<RenewalReport> {
    const next = planRenewal({ ...(await look()), asked: "by nobody" }, now());
    const retryAt = next.action === "wait" ? next.until : now();
    return { outcome: "failed", ...toFailure(error), retryAt: retryAt.toISOString() };
  }

  return run;
}

/** @throws the reason of an abort that is no failure: the work goes on in the next process */
function asFailure(thrown: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted) return thrown;
  const isTimeout = signal.reason instanceof Error && signal.reason.name === "TimeoutError";
  if (isTimeout) return tooSlow(thrown);
  if (isInterrupted(signal)) throw signal.reason;
  return signal.reason;
}

const tooSlow = (cause: unknown): OperatorError =>
  new OperatorError(
    "ACME_TOO_SLOW",
    `The certificate authority gave no certificate within ${LONGEST_ATTEMPT_MS / 60_000} minutes.`,
    { remedy: "Nothing needs to be done: it is tried again by itself, with the same order.", cause },
  );

const retryAtOf = (error: unknown): Date | undefined => (error instanceof AcmeError ? error.retryAt : undefined);

const failuresIn = (error: unknown) =>
  error instanceof AcmeError || error instanceof ChallengeUnreachable ? error.failures : [];
