import type { BackupProgress, Log } from "@appliance/jobs";
import { createThrottle } from "./throttle.ts";

const LOG_EVERY_MS = 60_000;

/** Tells whoever waits once a second, and the log once a minute. */
export function createReporter(
  progress: (progress: BackupProgress) => void,
  log: Log,
): (progress: BackupProgress) => void {
  const tell = createThrottle(progress);
  const note = createThrottle((news: BackupProgress) => log.info(news, "backup goes on"), LOG_EVERY_MS);
  return (news) => {
    tell(news);
    note(news);
  };
}
