import type { Log } from "@appliance/jobs";
import type { Lease } from "@appliance/lease";

/**
 * Ends a run that an earlier process of this agent died in, so that it holds up nobody. Its job is delivered again and takes the
 * lease anew; where the queue has lost the job, the next night's run does what was left undone.
 */
export async function endDeadRun(lease: Lease, log: Log): Promise<void> {
  const run = await lease.unfinished();
  if (!run) return;
  await lease.abandon(run.runId);
  log.warn({ run: run.runId, since: run.since }, "a backup was cut off by the end of the agent");
}
