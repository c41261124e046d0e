import type { RunCommand } from "@appliance/command";

/** Work that can take hours: it ends early when `signal` aborts, and the next run copes with what it left behind. */
export interface Cancellable {
  signal?: AbortSignal;
}

/** What is backed up: paths below one root. The root is no part of their names in the backup. */
export interface Source {
  /** Absolute, such as `/data`. */
  root: string;
  /** Relative to `root`, without `..`, such as `ecs-storage-vault`. */
  paths: readonly string[];
}

export interface Amount {
  files: number;
  bytes: number;
}

export interface Progress {
  done: Amount;
  /** Undefined while the whole is not known. */
  total: Amount | undefined;
  /** Undefined while nothing can be said. */
  secondsLeft: number | undefined;
}

/** A state that can be restored. */
export interface Point {
  /** The engine's own name of it, stable for its life. */
  id: string;
  at: Date;
  /** A `full` needs no other; an `increment` needs all before it in its chain; a `snapshot` shares its data with others. */
  kind: "full" | "increment" | "snapshot";
}

/** Something wrong with the stored data that does not stop the present work. Code as in `failures.ts`. */
export interface Finding {
  code: string;
  message: string;
  remedy: string;
}

export interface BackupOptions extends Cancellable {
  /**
   * The target is new. Without it a target that holds no backup is an error, `BACKUP_TARGET_EMPTY`: its disk is not mounted, or
   * someone removed everything, and a new backup would hide that.
   */
  create?: boolean;
  /** Everything anew, independent of what is stored. An engine that never needs it takes no notice. */
  full?: boolean;
  /** What the source holds, as the caller counted it: without it duplicity cannot say the time left, and restic counts once more. */
  expected?: Amount;
  onProgress?: (progress: Progress) => void;
}

export interface BackupOutcome {
  point: Point;
  /** How many points the target listed afterwards, this one among them. */
  points: number;
  /** False when files could not be read: the point holds the others, and the run counts as failed. */
  complete: boolean;
  /** The first hundred of what could not be read, with the program's reason. */
  skipped: readonly string[];
  source: Amount;
  /** What this run added to the target: bytes, and files there (volumes). */
  stored: Amount;
  /** What was found wrong with older data at the target. */
  findings: readonly Finding[];
  durationMs: number;
}

export interface StoredFile {
  /** Relative to the root of the source. A byte that is no UTF-8 shows as U+FFFD. */
  path: string;
  type: "file" | "folder" | "link" | "other";
  /** Bytes; undefined where the engine does not keep it apart from the data. */
  size: number | undefined;
  modifiedAt: Date;
}

export interface RestoreOptions extends Cancellable {
  /** Default: the last one. */
  pointId?: string;
  /** Relative to the root of the source; default: everything. */
  paths?: readonly string[];
  /** A folder that is empty or not there yet; each path is restored below it under its own name. */
  into: string;
  onProgress?: (done: Amount) => void;
}

export interface Usage {
  /** At the target, with everything that belongs to the backup. */
  stored: Amount;
  points: number;
}

/** How much of the stored data was read and found right. */
export interface ReadOutcome extends Usage {
  read: Amount;
  /** When the part that was not read for the longest time was read; undefined while a part was never read. */
  everythingReadSince: Date | undefined;
}

export interface PruneOutcome {
  removed: readonly string[];
  /** Why nothing, or not everything, was removed. */
  postponed: string | undefined;
  /** What keeps old points there until a person mends it. */
  findings: readonly Finding[];
}

export interface ForeignLock {
  host: string;
  since: Date;
}

export interface UnlockOutcome {
  broken: number;
  left: readonly ForeignLock[];
}

/**
 * One place where backups are kept, and the program that keeps them there. Every method rejects with an `OperatorError` of
 * `failures.ts`, or with COMMAND_ABORTED when its signal aborts; what a program claims is checked where it is known to be wrong.
 * One engine does one thing at a time: callers queue.
 */
export interface BackupEngine {
  backup(source: Source, options?: BackupOptions): Promise<BackupOutcome>;
  /** Oldest first. A target that holds no backup has none, or is `BACKUP_NOT_FOUND` where restic never made a repository. */
  list(options?: Cancellable): Promise<Point[]>;
  files(pointId: string, onFile: (file: StoredFile) => void, options?: Cancellable): Promise<void>;
  restore(options: RestoreOptions): Promise<Amount>;
  /** Cheap: is everything there that must be there? Reads no data. */
  check(options?: Cancellable): Promise<void>;
  /** Reads what is due, so that with one call a day everything stored is read within thirty days; or `everything` now. */
  verifyData(options?: Cancellable & { everything?: boolean }): Promise<ReadOutcome>;
  /**
   * Removes what the policy does not keep, never the last point that can be restored, and nothing while a point is later than
   * now. `budgetMs` (default two hours) ends it; the rest follows with the next call.
   */
  prune(options?: Cancellable & { budgetMs?: number }): Promise<PruneOutcome>;
  /** Breaks locks that dead runs of this host left. Those of other hosts stay. */
  unlock(options?: Cancellable): Promise<UnlockOutcome>;
  usage(options?: Cancellable): Promise<Usage>;
  /** Ends helpers and removes secrets from the scratch folder. */
  close(): Promise<void>;
}

export interface EngineDependencies {
  run: RunCommand;
  /** A private folder (0700) in memory: keys and passwords lie there while the engine is open. */
  scratch: string;
  /** A private folder on a disk for volumes in the making; default `scratch`. */
  temporary?: string;
  /** A folder of this target's own that is kept between runs: caches, and what is known of the target. */
  archive: string;
  now: () => Date;
  /** A run without any progress for so long is ended. Default one hour: a volume over a slow line is silent for long. */
  stallMs?: number;
}
