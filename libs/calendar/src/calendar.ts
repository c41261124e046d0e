/** Microseconds, the resolution of systemd's clock; every moment of a day below 2200 is a safe integer in them. */
export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const FIRST_YEAR = 1970;
export const LAST_YEAR = 2199;

/** `from`, then every `step` until `to`; without `step` the value `from` alone, without `to` until the field's end. */
export interface Span {
  readonly from: number;
  readonly to?: number;
  readonly step?: number;
}

/** The values that one field may have, sorted; undefined is `*`, any value. */
export type Field = readonly Span[] | undefined;

/** A parsed OnCalendar expression. `second` counts in microseconds, `day` from the month's last day when `fromMonthEnd`. */
export interface Calendar {
  /** Monday is 0; undefined is every day. */
  readonly weekdays: ReadonlySet<number> | undefined;
  readonly year: Field;
  readonly month: Field;
  readonly day: Field;
  readonly fromMonthEnd: boolean;
  readonly hour: Field;
  readonly minute: Field;
  readonly second: Field;
  /** The zone that the expression names; undefined is the host's. */
  readonly timeZone: string | undefined;
}

export const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
