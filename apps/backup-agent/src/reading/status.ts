import { readdir } from "node:fs/promises";
import { nextInstant, parseCalendar } from "@appliance/calendar";
import { withoutLogin } from "@appliance/env/url-credentials";
import { isSystemError } from "@appliance/errors";
import * as z from "zod";
import { EscrowStatus, type Escrow } from "../escrow/escrow.ts";
import type { BackupAgentSlice, TargetSettings } from "../slice.ts";
import { TargetState, type TargetStates } from "../targets/target-state.ts";

const instant = z.iso.datetime();

const TargetStatus = TargetState.extend({
  name: z.string(),
  engine: z.string(),
  /** Without user and password. */
  url: z.string(),
  appendOnly: z.boolean(),
  /** The instant of a scheduled backup that did not come; null while all came. */
  missedAt: instant.nullable(),
});
type TargetStatus = z.infer<typeof TargetStatus>;

/** What is known here without asking anybody. */
export const BackupStatus = z.object({
  /** Nothing is backed up by itself then. */
  standby: z.boolean(),
  /** When each comes next by the calendar; null where it does not. */
  next: z.object({ backup: instant.nullable(), verify: instant.nullable(), drill: instant.nullable() }),
  targets: z.array(TargetStatus),
  escrow: EscrowStatus,
  /** Names of the reports of drills, the newest first. */
  reports: z.array(z.string()),
});
export type BackupStatus = z.infer<typeof BackupStatus>;

export interface StatusDeps {
  slice: () => Promise<BackupAgentSlice>;
  states: TargetStates;
  escrow: Escrow;
  reportsDir: string;
  now: () => Date;
}

/** A backup waits for others, and for a drill; only then it is one that did not come. */
const PATIENCE_MS = 6 * 60 * 60 * 1000;
const MOST_REPORTS = 100;

/** Everything that is known of the backups, from files alone: no secret, no program, no network. @throws OperatorError `SLICE_MISSING` */
export async function readStatus({ slice, states, escrow, reportsDir, now }: StatusDeps): Promise<BackupStatus> {
  const { standby, schedule, timezone, targets, envFingerprint } = await slice();
  const next = (onCalendar: string, after = now()) =>
    standby ? null : (nextInstant(parseCalendar(onCalendar), after, timezone) ?? null);
  const statusOf = async (target: TargetSettings): Promise<TargetStatus> => {
    const state = await states.read(target.name);
    const due = state.lastRun && next(schedule.backup, new Date(state.lastRun.startedAt));
    const missed = due && now().getTime() - due.getTime() > PATIENCE_MS;
    return { ...state, ...describe(target), missedAt: missed ? due.toISOString() : null };
  };
  return {
    standby,
    next: {
      backup: iso(next(schedule.backup)),
      verify: iso(next(schedule.verify)),
      drill: iso(next(schedule.drill)),
    },
    targets: await Promise.all(targets.map(statusOf)),
    escrow: await escrow.status(envFingerprint),
    reports: await newestReports(reportsDir),
  };
}

const iso = (date: Date | null) => date?.toISOString() ?? null;

const describe = ({ name, engine, url, appendOnly }: TargetSettings) => ({
  name,
  engine,
  url: withoutLogin(url),
  appendOnly,
});

/** They are named for their time. */
async function newestReports(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(".json"))
      .sort()
      .toReversed()
      .slice(0, MOST_REPORTS);
  } catch (err) {
    if (isSystemError(err, "ENOENT")) return [];
    throw err;
  }
}
