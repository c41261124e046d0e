export type { Calendar, Field, Span } from "./calendar.ts";
export { formatCalendar } from "./format-calendar.ts";
export { formatInstant } from "./format-instant.ts";
export { nextInstant } from "./next-instant.ts";
export { parseCalendar } from "./parse-calendar.ts";
export { isTimeZone } from "./time-zone.ts";
