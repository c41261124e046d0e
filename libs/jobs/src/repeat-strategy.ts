import { nextInstant, parseCalendar } from "@appliance/calendar";
import type { RepeatOptions } from "bullmq";

/**
 * BullMQ's clock for schedules: the next instant of an OnCalendar expression after `millis`, in milliseconds since the epoch.
 * It must never throw, because BullMQ would then leave the run unfinished and the schedule silently dead; the expression has
 * been checked before it was declared. Undefined means no further run.
 */
export function repeatStrategy(millis: number, { pattern = "", tz = "UTC" }: RepeatOptions): number | undefined {
  try {
    return nextInstant(parseCalendar(pattern), new Date(millis), tz)?.getTime();
  } catch {
    return undefined;
  }
}
