import { nextInstant, parseCalendar } from "@appliance/calendar";

export interface CatchUpFacts {
  /** OnCalendar, in the zone of the host. */
  schedule: string;
  timeZone: string;
  /** When each target was last run for, however that ended; null for one that never was. */
  lastRuns: readonly (string | null)[];
  now: Date;
}

/** An apply may hold the host for an hour, and a run waits so long. */
const PATIENCE_MS = 2 * 3_600_000;

/**
 * The instant of a backup that did not come: the host was off, the queue had lost its schedule, or nothing could be had for it. Undefined
 * where all came. Before the first backup nothing is missed: that one comes by the calendar.
 */
export function planCatchUp({ schedule, timeZone, lastRuns, now }: CatchUpFacts): Date | undefined {
  const known = lastRuns.filter((run) => run !== null).sort();
  const last = known.at(-1);
  if (last === undefined) return undefined;
  const due = nextInstant(parseCalendar(schedule), new Date(last), timeZone);
  return due && now.getTime() - due.getTime() > PATIENCE_MS ? due : undefined;
}
