import { newestPoint, pointAt, type BackupEngine, type Point } from "@appliance/backup-engine";
import { OperatorError } from "@appliance/errors";
import type { Log } from "@appliance/jobs";
import type { TargetSettings } from "../slice.ts";
import type { Targets } from "../targets/targets.ts";

/** What is to be read: a target by its name or the first that answers, and the last backup there that is not later than `at`. */
export interface Choice {
  target: string | null;
  /** Null: the last one. */
  at: Date | null;
}

export interface ReadDeps {
  targets: Targets;
  now: () => Date;
  log: Log;
}

/** One backup at one target, open for reading. */
export interface Opened {
  target: TargetSettings;
  point: Point;
  engine: BackupEngine;
}

/**
 * Gives `work` the backup that was chosen. A target that does not answer, or holds no such backup, is passed over for the next; what
 * fails later fails the work.
 * @throws OperatorError of the first target where none can be read
 */
export async function withPoint<T>(
  choice: Choice,
  { targets, now, log }: ReadDeps,
  work: (opened: Opened) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const passedOver: unknown[] = [];
  for (const target of await targets.chosen(choice.target)) {
    let found: Point | undefined;
    try {
      return await targets.use(
        target,
        async (engine) => {
          found = requirePoint(await engine.list({ signal }), target.name, choice.at, now());
          return work({ target, point: found, engine });
        },
        signal,
      );
    } catch (err) {
      if (found !== undefined || signal.aborted) throw err;
      log.warn({ err, target: target.name }, "a target was passed over");
      passedOver.push(err);
    }
  }
  throw passedOver[0];
}

function requirePoint(points: readonly Point[], target: string, at: Date | null, now: Date): Point {
  const point = at === null ? newestPoint(points, now) : pointAt(points, at);
  if (point) return point;
  const which = at === null ? "no backup" : `no backup that is as old as ${at.toISOString()}`;
  throw new OperatorError("BACKUP_NOT_FOUND", `The target ${target} holds ${which}.`, {
    remedy: "List what there is with `appliance backup list`.",
  });
}
