import * as z from "zod";

/*
 * What the command reads of backup-agent's answers; as in shapes.ts, only what is shown is checked.
 */

const instant = z.string();
const Amount = z.object({ files: z.number(), bytes: z.number() });
const Failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
const OutcomeOf = <T extends string>(outcomes: readonly T[]) =>
  z.object({ target: z.string(), outcome: z.enum(outcomes), failure: Failure.nullable(), seconds: z.number() });

export const Point = z.object({ id: z.string(), at: instant, kind: z.string() });
export type Point = z.infer<typeof Point>;

export const RunOutcome = OutcomeOf(["saved", "incomplete", "failed"]).extend({
  point: Point.nullable(),
  source: Amount,
  stored: Amount,
  skipped: z.array(z.string()),
  pruningPostponed: z.string().nullable(),
});
export type RunOutcome = z.infer<typeof RunOutcome>;
export const RunResult = z.object({ targets: z.array(RunOutcome), alerts: z.array(Failure), seconds: z.number() });
export type RunResult = z.infer<typeof RunResult>;

export const VerifyResult = z.object({
  targets: z.array(OutcomeOf(["whole", "failed"]).extend({ read: Amount, everythingReadSince: instant.nullable() })),
});
export type VerifyResult = z.infer<typeof VerifyResult>;

export const DrillResult = z.object({
  targets: z.array(
    OutcomeOf(["proven", "sample", "failed"]).extend({ of: instant.nullable(), report: z.string().nullable() }),
  ),
});
export type DrillResult = z.infer<typeof DrillResult>;

export const UnlockResult = z.object({
  targets: z.array(
    z.object({
      target: z.string(),
      broken: z.number(),
      left: z.array(z.object({ host: z.string(), since: instant })),
      failure: Failure.nullable(),
    }),
  ),
});
export type UnlockResult = z.infer<typeof UnlockResult>;

export const RestoreResult = z.object({
  target: z.string(),
  point: Point,
  folder: z.string(),
  files: z.number(),
  bytes: z.number(),
});
export type RestoreResult = z.infer<typeof RestoreResult>;

export const PointsAnswer = z.object({ target: z.string(), points: z.array(Point) });
export type PointsAnswer = z.infer<typeof PointsAnswer>;

/** The first line of a list of files, and each of the others. */
export const FilesHead = z.object({ target: z.string(), point: Point });
export const StoredFile = z.object({
  path: z.string(),
  type: z.enum(["file", "folder", "link", "other"]),
  size: z.number().optional(),
  modifiedAt: instant,
});
export type StoredFile = z.infer<typeof StoredFile>;

const LastRun = z.object({
  /** What the run saved, as it is listed and chosen with `--at`; null for a run that failed. */
  point: Point.nullable(),
  startedAt: instant,
  seconds: z.number(),
  outcome: z.string(),
  failure: Failure.nullable(),
  source: Amount,
  stored: Amount,
});

export const TargetStatus = z.object({
  name: z.string(),
  engine: z.string(),
  url: z.string(),
  appendOnly: z.boolean(),
  missedAt: instant.nullable(),
  lastRun: LastRun.nullable(),
  lastSuccess: LastRun.nullable(),
  alerts: z.array(Failure),
  verified: z.object({ at: instant, failure: Failure.nullable(), everythingReadSince: instant.nullable() }).nullable(),
  drill: z.object({ at: instant, failure: Failure.nullable() }).nullable(),
  proven: z.object({ at: instant, of: instant, whole: z.boolean(), seconds: z.number() }).nullable(),
  usage: z.object({ at: instant, stored: Amount, points: z.number() }).nullable(),
  forecast: z
    .object({ needBytes: z.number(), freeBytes: z.number().nullable(), seconds: z.number().nullable() })
    .nullable(),
});
export type TargetStatus = z.infer<typeof TargetStatus>;

export const EscrowStatus = z.object({
  since: instant.nullable(),
  provenAt: instant.nullable(),
  packagedAt: instant.nullable(),
});
export type EscrowStatus = z.infer<typeof EscrowStatus>;

export const BackupStatus = z.object({
  standby: z.boolean(),
  next: z.object({ backup: instant.nullable(), verify: instant.nullable(), drill: instant.nullable() }),
  targets: z.array(TargetStatus),
  escrow: EscrowStatus,
  reports: z.array(z.string()),
});
export type BackupStatus = z.infer<typeof BackupStatus>;

/** Of the same answer, what tells the targets. */
export const TargetNames = z.object({ targets: z.array(z.object({ name: z.string() })) });

/** What an env.yml opens, as the image of backup-agent prints it. */
export const Proof = z.object({
  fingerprint: z.string(),
  targets: z.array(
    z.object({
      target: z.string(),
      url: z.string(),
      engine: z.string(),
      opens: z.boolean(),
      point: Point.nullable(),
      /** Whether the last backup was made with this very env.yml; `unknown` where it does not say. */
      env: z.enum(["same", "different", "unknown"]),
      failure: Failure.nullable(),
      seconds: z.number(),
    }),
  ),
});
export type Proof = z.infer<typeof Proof>;
export const ProofFailed = z.object({ failure: Failure });

export const EscrowNoted = z.object({ inUse: z.boolean() });
