/** As operators read and give times: `2026-11-20 12:30:00 UTC`. */
export function formatInstant(instant: Date): string {
  return instant
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, " UTC");
}
