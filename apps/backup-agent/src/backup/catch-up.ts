import { BackupRun, type Log, type Producer } from "@appliance/jobs";
import type { Lease } from "@appliance/lease";
import type { BackupAgentSlice } from "../slice.ts";
import type { TargetStates } from "../targets/target-state.ts";
import { planCatchUp } from "./plan-catch-up.ts";

export interface CatchUpDeps {
  /** Undefined while there is none. */
  slice: () => BackupAgentSlice | undefined;
  states: TargetStates;
  lease: Lease;
  producer: Pick<Producer, "enqueue">;
  log: Log;
  now: () => Date;
}

const LOOK_EVERY_MS = 15 * 60_000;

/** Asks for a backup that the calendar wanted and that did not come; once for each. The truth of it is in files, not in the queue. */
export function startCatchUp(deps: CatchUpDeps): { close(): void } {
  const look = () => catchUp(deps).catch((err: unknown) => deps.log.warn({ err }, "a missed backup was not asked for"));
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  void look();
  return { close: () => clearInterval(timer) };
}

async function catchUp({ slice, states, lease, producer, log, now }: CatchUpDeps): Promise<void> {
  const current = slice();
  if (!current || current.standby || (await lease.holder())?.kind === "backup") return;
  const known = await Promise.all(current.targets.map(({ name }) => states.read(name)));
  const lastRuns = known.map(({ lastRun }) => lastRun?.startedAt ?? null);
  const { schedule, timezone: timeZone } = current;
  const due = planCatchUp({ schedule: schedule.backup, timeZone, lastRuns, now: now() });
  if (!due) return;
  log.warn({ due }, "a backup did not come and is made now");
  await producer.enqueue(BackupRun, { requestedBy: "catch-up" }, { id: `missed-backup-${due.getTime()}` });
}
