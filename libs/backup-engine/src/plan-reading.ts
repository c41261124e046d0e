const DAY_MS = 86_400_000;

/** A part of the stored data that is read as one, and when that was done last. */
export interface ReadablePart {
  name: string;
  bytes: number;
  readAt: Date | undefined;
}

/**
 * Which parts are read today, so that with a call a day every part is read within `withinDays`: those not read for the
 * longest time, one portion of the bytes at least, and in any case all that would be too late tomorrow.
 */
export function planReading(parts: readonly ReadablePart[], now: Date, withinDays = 28): ReadablePart[] {
  const oldestFirst = [...parts].sort((a, b) => ageOf(b, now) - ageOf(a, now) || a.name.localeCompare(b.name));
  const portion = parts.reduce((sum, { bytes }) => sum + bytes, 0) / withinDays;
  const due: ReadablePart[] = [];
  let bytes = 0;
  for (const part of oldestFirst) {
    const isLate = part.readAt !== undefined && ageOf(part, now) >= (withinDays - 1) * DAY_MS;
    if (bytes >= portion && !isLate) continue;
    due.push(part);
    bytes += part.bytes;
  }
  return due;
}

/** When the longest unread part was read; undefined while one was never read, or there is none. */
export function everythingReadSince(parts: readonly ReadablePart[]): Date | undefined {
  const times = parts.map(({ readAt }) => readAt?.getTime());
  if (times.length === 0 || times.includes(undefined)) return undefined;
  return new Date(Math.min(...times.filter((time) => time !== undefined)));
}

const ageOf = ({ readAt }: ReadablePart, now: Date) => (readAt ? now.getTime() - readAt.getTime() : Infinity);
