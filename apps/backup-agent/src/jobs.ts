import { BackupRun, handle, type JobHandler } from "@appliance/jobs";
import type { Parts } from "./parts.ts";

/** The work of the queue `backup`. */
export function backupJobs(parts: Parts): JobHandler[] {
  return [handle(BackupRun, parts.run)];
}
