import { OperatorError } from "@appliance/errors";
import * as z from "zod";

const LOCAL = /^(?<day>\d{4}-\d{2}-\d{2})(?:[ T](?<time>\d{2}:\d{2}(?::\d{2})?))?$/;

/**
 * The instant that `--at` names: ISO 8601 with a zone, or a day with or without a time in the zone of this host. A day is meant to its
 * end, so that the backup of that day is found.
 * @throws OperatorError `USAGE`
 */
export function parseAt(text: string): Date {
  const iso = z.iso.datetime({ offset: true }).safeParse(text);
  if (iso.success) return new Date(iso.data);
  const { day, time } = LOCAL.exec(text)?.groups ?? {};
  // Date reads a time without a zone as that of this host.
  const instant = new Date(`${day}T${time ?? "23:59:59.999"}`);
  if (day !== undefined && dayOf(instant) === day) return instant;
  throw new OperatorError("USAGE", `'${text}' is no time.`, {
    remedy: "Write --at 2026-11-20, --at '2026-11-20 12:30' (the time of this host) or --at 2026-11-20T11:30:00Z.",
  });
}

/** Date takes the 31st of a short month for the 1st of the next. */
function dayOf(instant: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${instant.getFullYear()}-${two(instant.getMonth() + 1)}-${two(instant.getDate())}`;
}
