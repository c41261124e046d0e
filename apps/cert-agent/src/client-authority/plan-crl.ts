import type { ClientCertificate } from "@appliance/jobs";
import type { Crl } from "./crl.ts";

const DAY_MS = 86_400_000;

/** Long enough for an agent that is away for weeks: an expired list locks everybody out. */
const VALID_DAYS = 30;

/** An entry stays on lists until every list from before the end of its certificate has ended as well. */
const KEPT_AFTER_END_DAYS = VALID_DAYS + 1;

export interface CrlPlan {
  number: bigint;
  thisUpdate: Date;
  nextUpdate: Date;
  revoked: ReadonlyMap<string, Date>;
}

/**
 * The list that an authority should have now.
 *
 * What the present list revokes stays revoked, though the register does not know it: a lost or older register lets nobody in
 * again. The number is above the present one and never below the time in milliseconds, so it does not fall when the present
 * list is lost either.
 */
export function planCrl(register: readonly ClientCertificate[], present: Crl | null, now: Date): CrlPlan {
  const thisUpdate = new Date(Math.floor(now.getTime() / 1000) * 1000);
  return {
    number: highest((present?.number ?? 0n) + 1n, BigInt(Math.max(1, now.getTime()))),
    thisUpdate,
    nextUpdate: new Date(thisUpdate.getTime() + VALID_DAYS * DAY_MS),
    revoked: revokedBy(register, present, now),
  };
}

const highest = (a: bigint, b: bigint) => (a > b ? a : b);

function revokedBy(register: readonly ClientCertificate[], present: Crl | null, now: Date): Map<string, Date> {
  const revoked = new Map(present?.revoked ?? []);
  for (const { serial, validUntil, revokedAt } of register) {
    const over = Date.parse(validUntil) + KEPT_AFTER_END_DAYS * DAY_MS < now.getTime();
    if (over) revoked.delete(serial);
    else if (revokedAt !== null) revoked.set(serial, revoked.get(serial) ?? new Date(revokedAt));
  }
  return revoked;
}

/** Whether the present list is to be replaced: none, a day old, from the future, ended, or without one that is revoked. */
export function isCrlDue(present: Crl | null, plan: CrlPlan, now: Date): boolean {
  if (present === null) return true;
  const age = now.getTime() - present.thisUpdate.getTime();
  const ended = present.nextUpdate === null || present.nextUpdate <= now;
  return age < 0 || age >= DAY_MS || ended || [...plan.revoked.keys()].some((serial) => !present.revoked.has(serial));
}
