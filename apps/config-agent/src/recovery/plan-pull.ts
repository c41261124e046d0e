import { nextInstant, parseCalendar } from "@appliance/calendar";
import type { Env } from "@appliance/env";
import type { RecoveryRecord } from "./recovery-record.ts";

/** After the live host has begun with its backup: large ones take hours, and before its end there is only the one of yesterday. */
export const HOURS_AFTER_BACKUP = 4;
const HOUR_MS = 3_600_000;

/** Whether this host takes over the backup of another one every night. */
export function isPulling({ appliance: { standby, backup } }: Env): boolean {
  return standby && backup.pull;
}

/** Of a host that has pulled nothing yet. */
const LONG_DUE = new Date(0);

/**
 * When the pull after the last one is due, null where none is to be made. One that failed counts: it is tried again the night after.
 * A time that has passed, since the host was off at night, stays due. Pure.
 */
export function nextPull(env: Env, last: RecoveryRecord | undefined, timeZone: string): Date | null {
  if (!isPulling(env)) return null;
  if (!last?.order.pull) return LONG_DUE;
  const backup = nextInstant(parseCalendar(env.appliance.backup.oncalendar), new Date(last.begunAt), timeZone);
  return backup ? new Date(backup.getTime() + HOURS_AFTER_BACKUP * HOUR_MS) : null;
}
