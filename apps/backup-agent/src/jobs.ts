import { BackupRestore, BackupRun, BackupUnlock, handle, type JobHandler } from "@appliance/jobs";
import type { Parts } from "./parts.ts";

/** The work of the queue `backup`. */
export function backupJobs({ run, restore, unlock }: Parts["work"]): JobHandler[] {
  return [handle(BackupRun, run), handle(BackupRestore, restore), handle(BackupUnlock, unlock)];
}
