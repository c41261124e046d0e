import type { BackupProgress } from "@appliance/jobs";

/** One line for the status page, such as `Restoring the backup of 2026-11-22 00:30: 40 %, about 12 minutes left`. */
export function describeProgress({ sentence, done, total, secondsLeft }: BackupProgress): string {
  const parts = [
    total && total.bytes > 0 ? `${Math.floor((100 * Math.min(done.bytes, total.bytes)) / total.bytes)} %` : "",
    secondsLeft === null ? "" : `about ${minutes(secondsLeft)} left`,
  ].filter(Boolean);
  return parts.length === 0 ? sentence : `${sentence}: ${parts.join(", ")}`;
}

function minutes(seconds: number): string {
  if (seconds < 60) return "a minute";
  const whole = Math.round(seconds / 60);
  if (whole < 120) return whole === 1 ? "a minute" : `${whole} minutes`;
  return `${Math.round(whole / 60)} hours`;
}

/** For work that is no restoring, such as a step of an apply. */
export function asProgress(sentence: string): BackupProgress {
  return { sentence, done: { files: 0, bytes: 0 }, total: null, secondsLeft: null };
}
