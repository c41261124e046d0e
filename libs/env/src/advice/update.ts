import { nextInstant, parseCalendar, type Calendar } from "@appliance/calendar";
import type { Adviser } from "./advice.ts";

/** When the backup runs, in minutes of the day (manual, 4.5). */
const BACKUP = { from: 30, to: 6 * 60 + 30 };
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const adviseOnUpdate: Adviser = ({ appliance: { update, metric } }) => {
  if (!update.automatic) return [];
  return [
    ...(isInsideBackup(parseCalendar(update.oncalendar))
      ? [
          {
            path: ["appliance", "update", "oncalendar"],
            message: "may update between 00:30 and 06:30, when the backup runs",
            remedy: "Take another time, such as *-*-* 06:30:00.",
          },
        ]
      : []),
    ...(metric.exporter
      ? []
      : [
          {
            path: ["appliance", "update", "automatic"],
            message: "updates by itself, and nothing is measured: an update that went wrong may stay unseen",
            remedy: "Switch appliance:metric:exporter on, or appliance:update:automatic off and update by hand.",
          },
        ]),
  ];
};

/** The times of a day are the same on each day that matches, so one such day tells. The backup runs on the host's clock. */
function isInsideBackup(calendar: Calendar): boolean {
  const onTheClock = { ...calendar, timeZone: undefined };
  const first = nextInstant(onTheClock, new Date(0), "UTC");
  if (!first) return false;
  const midnight = Math.floor(first.getTime() / DAY_MS) * DAY_MS;
  const next = nextInstant(onTheClock, new Date(midnight + BACKUP.from * MINUTE_MS - 1), "UTC");
  return next !== undefined && next.getTime() < midnight + BACKUP.to * MINUTE_MS;
}
