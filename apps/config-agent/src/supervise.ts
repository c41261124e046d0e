import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigApply, ConfigRecover, type Log, type Producer } from "@appliance/jobs";
import type { Lease } from "@appliance/lease";
import type { Containers } from "./containers.ts";
import type { FailureFile } from "./status/failure.ts";
import { planRepair } from "./plan-repair.ts";
import type { RecoveryRecords } from "./recovery/recovery-record.ts";
import type { Status } from "./status/status.ts";

export interface SuperviseDeps {
  producer: Producer;
  containers: Containers;
  failure: FailureFile;
  status: Status;
  lease: Lease;
  recoveries: RecoveryRecords;
  /** When the next pull of a standby host is due; null where none is. */
  pullDue: () => Promise<Date | null>;
  /** Whether containers reach the metadata service of the cloud and can be kept from it. */
  metadataIsOpen: () => Promise<boolean>;
  log: Log;
}

const LOOK_EVERY_MS = 30_000;
const RETRY_MS = 1000;

/**
 * Asks once when the agent starts for an apply (after a boot that is what starts the appliance), or for the recovery that was cut off,
 * and for an apply whenever something that ran is gone. Ends when `signal` aborts.
 */
export async function supervise(deps: SuperviseDeps, signal: AbortSignal): Promise<void> {
  try {
    await askUntilTaken(deps, (await unfinishedRecovery(deps)) ?? anApply(deps, "boot"), signal);
    const mayAsk = oncePerHolder(deps.lease);
    for (;;) {
      await sleep(LOOK_EVERY_MS, undefined, { signal });
      await look(deps, mayAsk, signal);
    }
  } catch (err) {
    if (!signal.aborted) throw err;
  }
}

type Ask = () => Promise<unknown>;

/** One repair that waits for another run, such as a long backup, is enough: what a person asks for waits behind all of them. */
export function oncePerHolder(lease: Pick<Lease, "holder">): () => Promise<boolean> {
  let askedFor: string | undefined;
  return async () => {
    const holder = (await lease.holder())?.runId;
    const isAsked = holder !== undefined && holder === askedFor;
    askedFor = holder;
    return !isAsked;
  };
}

function anApply({ producer }: SuperviseDeps, reason: "boot" | "repair"): Ask {
  const id = `${reason}-${randomUUID()}`;
  return () => producer.enqueue(ConfigApply, { requestedBy: "config-agent", reason }, { id });
}

/** Asked for again while it waits for its turn, it is the same job. */
function aPull({ producer }: SuperviseDeps, due: Date): Ask {
  const id = `pull-${due.toISOString().replaceAll(/[-:.]/g, "")}`;
  const order = { requestedBy: "config-agent", pull: true, onlyRestore: true };
  return () => producer.enqueue(ConfigRecover, order, { id });
}

/** Its job is in the queue still, unless that was emptied; under its id it is there once. It ends with an apply of its own. */
async function unfinishedRecovery({ producer, lease, recoveries }: SuperviseDeps): Promise<Ask | undefined> {
  const [holder, record] = [await lease.unfinished(), await recoveries.read()];
  if (holder?.kind !== "restore" || record?.runId !== holder.runId) return undefined;
  return () => producer.enqueue(ConfigRecover, record.order, { id: record.runId });
}

/** The queue may come up after this agent, or be restarted at any time. */
async function askUntilTaken({ log }: SuperviseDeps, ask: Ask, signal: AbortSignal): Promise<void> {
  for (;;)
    try {
      await ask();
      return;
    } catch (err) {
      log.debug({ err }, "the queue does not take work yet");
      await sleep(RETRY_MS, undefined, { signal });
    }
}

async function lookForPull(deps: SuperviseDeps, signal: AbortSignal): Promise<void> {
  const due = await deps.pullDue();
  if (due !== null && due <= new Date()) await askUntilTaken(deps, aPull(deps, due), signal);
}

/** A look that fails (update-agent is being replaced, say) is made again soon. */
async function look(deps: SuperviseDeps, mayAsk: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const { containers, failure, status, metadataIsOpen, log } = deps;
  const { phase } = status.get();
  if (phase !== "ready" && phase !== "standby") return;
  try {
    if (phase === "standby") return await lookForPull(deps, signal);
    const failed = (await failure.read()) !== undefined;
    const metadataOpen = await metadataIsOpen();
    const observed = await containers.observe(signal);
    const why = planRepair({ phase: status.get().phase, failed, metadataOpen, containers: observed });
    if (!why || !(await mayAsk())) return;
    log.warn({ why }, "something is not as it was; applying the configuration");
    await askUntilTaken(deps, anApply(deps, "repair"), signal);
  } catch (err) {
    if (!signal.aborted) log.warn({ err }, "could not look at the containers");
  }
}
