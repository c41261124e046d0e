import { nextInstant, parseCalendar, type Calendar } from "@appliance/calendar";
import type { Adviser, Remark } from "./advice.ts";

const HOUR_MS = 3_600_000;
/** How long the backup may be at work (manual, 4.5: from 00:30 to 06:30). */
const BACKUP_MS = 6 * HOUR_MS;
/** Of the sparser of two calendars: two months of days, and more where one of them comes less often. */
const MOST_INSTANTS = 62;

export const adviseOnUpdate: Adviser = ({ appliance: { update, metric, backup } }) => {
  const meets = (oncalendar: string) => isInside(parseCalendar(oncalendar), parseCalendar(backup.oncalendar));
  return [
    ...(update.automatic && meets(update.oncalendar) ? [hasItsTime("update", "update", "update")] : []),
    ...(meets(backup.drill_oncalendar) ? [hasItsTime("prove the backup", "backup", "drill")] : []),
    ...(meets(backup.verify_oncalendar) ? [hasItsTime("check the backup", "backup", "verify")] : []),
    ...(update.automatic && !metric.exporter ? [UNSEEN] : []),
  ];
};

function hasItsTime(what: string, section: string, kind: "update" | "drill" | "verify"): Remark {
  const key = kind === "update" ? "oncalendar" : `${kind}_oncalendar`;
  return {
    path: ["appliance", section, key],
    message: `may ${what} within six hours of appliance:backup:oncalendar, when the backup runs`,
    remedy: "Take another time for one of them.",
  };
}

const UNSEEN: Remark = {
  path: ["appliance", "update", "automatic"],
  message: "updates by itself, and nothing is measured: an update that went wrong may stay unseen",
  remedy: "Switch appliance:metric:exporter on, or appliance:update:automatic off and update by hand.",
};

/** Whether `work` ever begins while a backup that began before may be at work. Both run on the host's clock. */
function isInside(work: Calendar, backup: Calendar): boolean {
  const next = (calendar: Calendar, after: number) =>
    nextInstant({ ...calendar, timeZone: undefined }, new Date(after), "UTC")?.getTime();
  let after = 0;
  for (let count = 0; count < MOST_INSTANTS; count += 1) {
    const begins = next(work, after);
    const backupBegins = begins === undefined ? undefined : next(backup, begins - BACKUP_MS);
    if (begins === undefined || backupBegins === undefined) return false;
    if (backupBegins <= begins) return true;
    after = backupBegins - 1;
  }
  return false;
}
