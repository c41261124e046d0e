import { OperatorError } from "@appliance/errors";

const WRITTEN =
  /^(?<day>\d{4}-\d{2}-\d{2})(?:[ T](?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(?<zone>Z| UTC|[+-]\d{2}:\d{2})?)?$/;

/** Of a day. */
const END = "23:59:59.999";

/**
 * The instant that `--at` names: a day with or without a time, in the zone of this host where none is written. What is written is meant
 * to its end, a day as well as a second: so the time of a backup as it is listed, without fractions, finds that backup and not the one before.
 * @throws OperatorError `USAGE`
 */
export function parseAt(text: string): Date {
  const { day, time = "", zone = "" } = WRITTEN.exec(text)?.groups ?? {};
  // Date reads a time without a zone as that of this host.
  const instant = new Date(`${day}T${time}${END.slice(time.length)}${zone === " UTC" ? "Z" : zone}`);
  if (day !== undefined && isDay(day) && !Number.isNaN(instant.getTime())) return instant;
  throw new OperatorError("USAGE", `'${text}' is no time.`, {
    remedy:
      "Write --at 2026-11-20, --at '2026-11-20 12:30' (the time of this host), or a time as it is listed: --at '2026-11-20 11:30:00 UTC'.",
  });
}

/** Date takes the 31st of a short month for the 1st of the next. */
function isDay(day: string): boolean {
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}
