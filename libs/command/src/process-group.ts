import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError } from "@appliance/errors";

const LOOK_EVERY_MS = 20;

/** A killed process that the kernel does not let go (a dead network disk) is not waited for longer than this. */
const LONGEST_DEATH_MS = 2_000;

/**
 * Ends every process of group `pgid`: TERM, then KILL for those that are still there after `graceMs`. Resolves when the
 * group is gone. A process that made a session of its own has left the group and is not reached.
 */
export async function terminateGroup(pgid: number, graceMs: number): Promise<void> {
  signalGroup(pgid, "SIGTERM");
  if (await groupIsGone(pgid, graceMs)) return;
  signalGroup(pgid, "SIGKILL");
  await groupIsGone(pgid, LONGEST_DEATH_MS);
}

async function groupIsGone(pgid: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (signalGroup(pgid, 0)) {
    if (performance.now() >= until) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}

/** False when the group has no process any more. */
function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    if (isSystemError(error, "ESRCH")) return false;
    // EPERM: what is left of the group runs as another user, so it is there.
    if (isSystemError(error, "EPERM")) return true;
    throw error;
  }
}
