import { isInterrupted, OperatorError } from "@appliance/errors";
import type { Compose, OneOffOrder } from "./compose.ts";
import type { ComposeGroup } from "./compose-group.ts";
import type { Docker } from "./docker.ts";

export interface OneOffTools {
  compose: Compose;
  docker: Docker;
}

/**
 * Starts a one-off container, or finds the one of its name, hands its id to `watch`, and takes it away when that is over. It is no
 * child of this agent: when the agent is killed or stopped it goes on, and the next delivery of the job finds it by its name.
 */
export async function withOneOff<T>(
  group: ComposeGroup,
  order: OneOffOrder,
  tools: OneOffTools,
  signal: AbortSignal,
  watch: (id: string) => Promise<T>,
): Promise<T> {
  const id = await ensureStarted(group, order, tools, signal);
  try {
    const result = await watch(id);
    await tools.docker.remove(id);
    return result;
  } catch (error) {
    // An agent that stops leaves its container running and comes back for it; when the job's time is up it ends.
    if (!isInterrupted(signal)) await tools.docker.remove(id);
    throw error;
  }
}

async function ensureStarted(
  group: ComposeGroup,
  order: OneOffOrder,
  { compose, docker }: OneOffTools,
  signal: AbortSignal,
): Promise<string> {
  const found = await docker.findOneOff(order.name);
  if (found && found.state !== "created") return found.id;
  // Killed between creating and starting it: compose would not take the name again.
  if (found) await docker.remove(found.id);
  try {
    await compose.startOneOff(group, order, signal);
  } catch (error) {
    if (!isInterrupted(signal)) await docker.remove(order.name);
    throw error;
  }
  const started = await docker.findOneOff(order.name);
  if (!started) throw vanished(order.name);
  return started.id;
}

function vanished(name: string): OperatorError {
  return new OperatorError("OPERATION_LOST", `The container ${name} of the operation was removed by another hand`, {
    remedy: "Try again, and do not run `docker container prune` meanwhile.",
  });
}
