/*
 * Amounts as people read them. Sizes are 1024 based, as in the manual, 1.2.
 */

const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/** Such as `1.2 GB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const amount = bytes / 1024 ** power;
  return `${power > 0 && amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${UNITS[power]}`;
}

/** Such as `3 min`; two units where the smaller one tells something: `2 h 10 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return seconds > 0 && seconds < 10 ? `${seconds.toFixed(1)} s` : `${whole} s`;
  if (whole < 3600) return `${Math.round(whole / 60)} min`;
  if (whole < 2 * 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} days`;
}

const JUST_NOW_S = 10;

/** How long ago `iso` was, such as `5 h 2 min ago`. A time that is still to come shows as a wrong clock does. */
export function formatAge(iso: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(iso)) / 1000;
  if (seconds < 0) return `in ${formatSeconds(-seconds)}`;
  return seconds < JUST_NOW_S ? "just now" : `${formatSeconds(Math.floor(seconds))} ago`;
}

/** Such as `1 file`, `12 files`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
