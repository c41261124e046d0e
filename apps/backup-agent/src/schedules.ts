import { BackupDrill, BackupRun, BackupVerify, type Schedule } from "@appliance/jobs";
import type { BackupAgentSlice } from "./slice.ts";

/** What this agent does by the calendar, in the zone of the host. On a host in standby, nothing: the live host sees to the targets. */
export function schedulesOf({ standby, schedule, timezone }: BackupAgentSlice): {
  schedules: Schedule[];
  timeZone: string;
} {
  const data = { requestedBy: "schedule" };
  const schedules = [
    { id: "backup", contract: BackupRun, data, onCalendar: schedule.backup },
    { id: "verify", contract: BackupVerify, data, onCalendar: schedule.verify },
    { id: "drill", contract: BackupDrill, data, onCalendar: schedule.drill },
  ];
  return { schedules: standby ? [] : schedules, timeZone: timezone };
}
