import * as z from "zod";
import { defineJob } from "../contract.ts";
import { HOUR_MS, MINUTE_MS, requestedBy, runId } from "./shared.ts";

const backupJob = { queue: "backup", owner: "backup-agent", senders: [], attempts: 1, http: true } as const;

/** The name of a target: `main` is the one of `appliance:backup:url`, others are named in `appliance:backup:targets`. */
export const TargetName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/);

/** One target by its name, or all of them. */
const target = TargetName.nullable().default(null);

const count = z.int().min(0);
const failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

/** What can be restored from a target. */
export const BackupPoint = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  kind: z.enum(["full", "increment", "snapshot"]),
});
export type BackupPoint = z.infer<typeof BackupPoint>;

/** What a long work at one target is doing. Totals and the time left are null while they are not known. */
export const BackupProgress = z.object({
  /** Such as "Dumping the database" or "Saving to main". */
  sentence: z.string(),
  done: z.object({ files: count, bytes: count }),
  total: z.object({ files: count, bytes: count }).nullable(),
  secondsLeft: z.number().nullable(),
});
export type BackupProgress = z.infer<typeof BackupProgress>;

/** How a backup went at one target. */
export const TargetOutcome = z.object({
  target: z.string(),
  /** `incomplete`: files could not be read and are missing in it; `failed`: nothing new can be restored. */
  outcome: z.enum(["saved", "incomplete", "failed"]),
  point: BackupPoint.nullable(),
  source: z.object({ files: count, bytes: count }),
  /** What this run added at the target; files are duplicity's volumes. */
  stored: z.object({ files: count, bytes: count }),
  /** Up to a hundred, with the reason. */
  skipped: z.array(z.string()),
  /** Why old backups were not removed, or null. */
  pruningPostponed: z.string().nullable(),
  failure: failure.nullable(),
  seconds: z.number().min(0),
});
export type TargetOutcome = z.infer<typeof TargetOutcome>;

/**
 * Dumps the database, writes the manifest, and saves both with the documents to each target. One that fails holds up no other: the job
 * fails only where nothing could be saved anywhere, such as without a database. It holds the host lease.
 */
export const BackupRun = defineJob({
  ...backupJob,
  name: "backup.run",
  data: z.object({
    requestedBy,
    target,
    /** Everything anew, independent of what is stored; also where a target that held backups has lost them all. */
    full: z.boolean().default(false),
    /** What is gone since the backups before is meant to be gone: old backups may be removed again. */
    acceptLoss: z.boolean().default(false),
    runId,
  }),
  result: z.object({
    targets: z.array(TargetOutcome),
    /** What a person should look at, such as a sudden loss of documents; what was saved is saved. */
    alerts: z.array(failure),
    /** Of the whole run. */
    seconds: z.number().min(0),
  }),
  progress: BackupProgress,
  timeLimitMs: 48 * HOUR_MS,
  senders: ["config-agent", "update-agent"],
});
export type BackupRun = z.infer<typeof BackupRun.data>;

/** Looks at each target whether everything is there, and reads what is due, so that everything is read within 30 days. */
export const BackupVerify = defineJob({
  ...backupJob,
  name: "backup.verify",
  data: z.object({
    requestedBy,
    target,
    /** Reads all stored data now. */
    everything: z.boolean().default(false),
    runId,
  }),
  result: z.object({
    targets: z.array(
      z.object({
        target: z.string(),
        outcome: z.enum(["whole", "failed"]),
        read: z.object({ files: count, bytes: count }),
        /** When what was read longest ago was read; null while a part never was. */
        everythingReadSince: z.iso.datetime().nullable(),
        failure: failure.nullable(),
        seconds: z.number().min(0),
      }),
    ),
  }),
  progress: BackupProgress,
  timeLimitMs: 24 * HOUR_MS,
});
export type BackupVerify = z.infer<typeof BackupVerify.data>;

/**
 * Restores the last backup of each target into a scratch place, loads its database into a scratch server, opens documents, compares all
 * of it with the manifest, and throws it away again. The report lies signed in `/data/etc/backup/reports`.
 */
export const BackupDrill = defineJob({
  ...backupJob,
  name: "backup.drill",
  data: z.object({ requestedBy, target, runId }),
  result: z.object({
    targets: z.array(
      z.object({
        target: z.string(),
        /** `sample`: for want of space only a part was restored; what was restored is right. */
        outcome: z.enum(["proven", "sample", "failed"]),
        /** The instant of the backup that was restored. */
        of: z.iso.datetime().nullable(),
        /** Name of the report in `/data/etc/backup/reports`; null where there is none. */
        report: z.string().nullable(),
        /** What a recovery of it would take, as measured. */
        seconds: z.number().min(0),
        failure: failure.nullable(),
      }),
    ),
  }),
  progress: BackupProgress,
  timeLimitMs: 48 * HOUR_MS,
});
export type BackupDrill = z.infer<typeof BackupDrill.data>;

/** Restores paths of a backup into `/volatile/backup/restored/ID`, from where the command moves them to where they are wanted. */
export const BackupRestore = defineJob({
  ...backupJob,
  name: "backup.restore",
  data: z.object({
    requestedBy,
    target: TargetName.nullable().default(null),
    /** Relative to `/data`, such as `ecs-storage-vault/2026`. */
    paths: z.array(z.string().min(1).max(4096)).min(1).max(100),
    /** The last backup that is not later; default the last one. */
    at: z.iso.datetime().nullable().default(null),
    runId,
  }),
  result: z.object({
    target: z.string(),
    point: BackupPoint,
    /** A path on the host, below the appliance's root. */
    folder: z.string(),
    files: count,
    bytes: count,
  }),
  progress: BackupProgress,
  timeLimitMs: 24 * HOUR_MS,
});
export type BackupRestore = z.infer<typeof BackupRestore.data>;

const recoveryChoice = {
  /** Null: the first target that answers and holds a backup. */
  target: TargetName.nullable().default(null),
  /** The last backup that is not later; default the last one. */
  at: z.iso.datetime().nullable().default(null),
};

/** What was put back. */
const Recovered = z.object({
  target: z.string(),
  point: BackupPoint,
  files: count,
  bytes: count,
  tables: count,
  rows: count,
  /** `manifest`: names, sums and rows were compared; `none`: an older system made the backup, and only its own sums could be. */
  comparedWith: z.enum(["manifest", "none"]),
  seconds: z.number().min(0),
});
export type Recovered = z.infer<typeof Recovered>;

/**
 * Prepares a bare host from env.yml, puts documents and database of a backup back, and starts the application. It is an apply with a
 * recovery in the place of the database, and holds the host lease; interrupted, a second one goes on by the journal.
 */
export const ConfigRecover = defineJob({
  queue: "config",
  name: "config.recover",
  data: z.object({
    requestedBy,
    ...recoveryChoice,
    /** Starts nothing afterwards. */
    onlyRestore: z.boolean().default(false),
    /** The nightly one of a host in standby: it replaces what an earlier one put there, and starts nothing. */
    pull: z.boolean().default(false),
    runId,
  }),
  result: Recovered,
  progress: BackupProgress,
  attempts: 1,
  timeLimitMs: 72 * HOUR_MS,
  owner: "config-agent",
  senders: [],
  http: true,
});
export type ConfigRecover = z.infer<typeof ConfigRecover.data>;

/**
 * A line that the one-shot container of a recovery prints: what it does, and last what it came to, with exit code 0 after a result
 * and 1 after a failure. One that ended without the last of them was cut off, and goes on where it was when it is started again.
 */
export const RecoveryLine = z.union([
  z.strictObject({ progress: BackupProgress }),
  z.strictObject({ result: Recovered }),
  z.strictObject({ failure }),
]);
export type RecoveryLine = z.infer<typeof RecoveryLine>;

/**
 * Runs the one-shot container of the backup image that restores with /data writable, and waits for its end. Its command is
 * `recover [--run=ID] [--target=NAME] [--at=TIME] [--replace]`, TIME as ISO 8601 in UTC.
 */
export const ContainersRecover = defineJob({
  queue: "containers",
  name: "containers.recover",
  data: z.object({
    ...recoveryChoice,
    /** What is there was restored by an earlier one and makes way, once all of the new is beside it and compared. */
    replace: z.boolean().default(false),
    runId,
  }),
  result: Recovered,
  progress: BackupProgress,
  attempts: 1,
  timeLimitMs: 72 * HOUR_MS,
  owner: "update-agent",
  senders: ["config-agent"],
});
export type ContainersRecover = z.infer<typeof ContainersRecover.data>;

/** Breaks the locks at each target that dead runs of this host left. */
export const BackupUnlock = defineJob({
  ...backupJob,
  name: "backup.unlock",
  data: z.object({ requestedBy, target, runId }),
  result: z.object({
    targets: z.array(
      z.object({
        target: z.string(),
        broken: count,
        left: z.array(z.object({ host: z.string(), since: z.iso.datetime() })),
        failure: failure.nullable(),
      }),
    ),
  }),
  timeLimitMs: 15 * MINUTE_MS,
});
export type BackupUnlock = z.infer<typeof BackupUnlock.data>;
