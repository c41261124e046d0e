import {
  BackupDrill,
  BackupRestore,
  BackupRun,
  BackupUnlock,
  BackupVerify,
  handle,
  type JobHandler,
} from "@appliance/jobs";
import type { Parts } from "./parts.ts";

/** The work of the queue `backup`. */
export function backupJobs({ run, verify, drill, restore, unlock }: Parts["work"]): JobHandler[] {
  return [
    handle(BackupRun, run),
    handle(BackupVerify, verify),
    handle(BackupDrill, drill),
    handle(BackupRestore, restore),
    handle(BackupUnlock, unlock),
  ];
}
