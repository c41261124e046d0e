import { isInterrupted, OperatorError, redact } from "@appliance/errors";
import type { Compose, OneOffOrder } from "./compose.ts";
import type { ComposeGroup } from "./compose-group.ts";
import type { Docker } from "./docker.ts";

export interface RunResult {
  exitCode: number;
  /** The end of what it printed, both streams, without secrets. */
  output: string;
}

const OUTPUT_LINES = 500;
const OUTPUT_CHARACTERS = 64 * 1024;

/**
 * Runs a one-off container to its end. It is not a child of this agent: when the agent is killed it goes on, and the next
 * delivery of the job finds it by its name, waits for it and brings its result.
 */
export async function applyRun(
  group: ComposeGroup,
  order: OneOffOrder,
  { compose, docker }: { compose: Compose; docker: Docker },
  signal: AbortSignal,
): Promise<RunResult> {
  const id = await ensureStarted(group, order, compose, docker, signal);
  try {
    const exitCode = await docker.exitCode(id, signal);
    const output = redact(await docker.logs(id, OUTPUT_LINES), Object.values(group.environment)).slice(
      -OUTPUT_CHARACTERS,
    );
    await docker.remove(id);
    return { exitCode, output };
  } catch (error) {
    // An agent that stops leaves its container running and comes back for it; when the job's time is up it ends.
    if (!isInterrupted(signal)) await docker.remove(id);
    throw error;
  }
}

async function ensureStarted(
  group: ComposeGroup,
  order: OneOffOrder,
  compose: Compose,
  docker: Docker,
  signal: AbortSignal,
) {
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
