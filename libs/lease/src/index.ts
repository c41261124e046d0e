export { openLease, type Lease, type LeaseOptions, type RunOptions, type RunWork } from "./lease.ts";
export { LeaseHolder, readHolder } from "./lease-file.ts";
export type { RunJournal } from "./run-journal.ts";
export { newRunId, RunKind, RunRecord, RunStep } from "./run-record.ts";
export { openRunRecords, type RunRecords } from "./run-records.ts";
