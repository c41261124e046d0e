import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigApply, type Log, type Producer } from "@appliance/jobs";
import type { Containers } from "./containers.ts";
import type { FailureFile } from "./status/failure.ts";
import { planRepair } from "./plan-repair.ts";
import type { Status } from "./status/status.ts";

export interface SuperviseDeps {
  producer: Producer;
  containers: Containers;
  failure: FailureFile;
  status: Status;
  /** Whether containers reach the metadata service of the cloud and can be kept from it. */
  metadataIsOpen: () => Promise<boolean>;
  log: Log;
}

const LOOK_EVERY_MS = 30_000;
const RETRY_MS = 1000;

/**
 * Asks for an apply once when the agent starts (after a boot that is what starts the appliance) and whenever something that
 * ran is gone. Ends when `signal` aborts.
 */
export async function supervise(deps: SuperviseDeps, signal: AbortSignal): Promise<void> {
  try {
    await askUntilTaken(deps, "boot", signal);
    for (;;) {
      await sleep(LOOK_EVERY_MS, undefined, { signal });
      await look(deps, signal);
    }
  } catch (err) {
    if (!signal.aborted) throw err;
  }
}

/** The queue may come up after this agent, or be restarted at any time. */
async function askUntilTaken(
  { producer, log }: SuperviseDeps,
  reason: "boot" | "repair",
  signal: AbortSignal,
): Promise<void> {
  const id = `${reason}-${randomUUID()}`;
  for (;;)
    try {
      await producer.enqueue(ConfigApply, { requestedBy: "config-agent", reason }, { id });
      return;
    } catch (err) {
      log.debug({ err }, "the queue does not take work yet");
      await sleep(RETRY_MS, undefined, { signal });
    }
}

/** A look that fails (update-agent is being replaced, say) is made again soon. */
async function look(deps: SuperviseDeps, signal: AbortSignal): Promise<void> {
  const { containers, failure, status, metadataIsOpen, log } = deps;
  if (status.get().phase !== "ready") return;
  try {
    const failed = (await failure.read()) !== undefined;
    const metadataOpen = await metadataIsOpen();
    const observed = await containers.observe(signal);
    const why = planRepair({ phase: status.get().phase, failed, metadataOpen, containers: observed });
    if (!why) return;
    log.warn({ why }, "something is not as it was; applying the configuration");
    await askUntilTaken(deps, "repair", signal);
  } catch (err) {
    if (!signal.aborted) log.warn({ err }, "could not look at the containers");
  }
}
