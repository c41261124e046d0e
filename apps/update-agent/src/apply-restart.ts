import { OperatorError } from "@appliance/errors";
import type { Docker, ServiceContainer } from "./docker.ts";

/**
 * The running containers of `services`, in that order.
 * @throws OperatorError `SERVICE_NOT_RUNNING` when one has none. Pure.
 */
export function runningContainers(
  services: readonly string[],
  observed: readonly ServiceContainer[],
): ServiceContainer[] {
  return services.flatMap((service) => {
    const running = observed.filter((container) => container.service === service && container.state === "running");
    if (running.length === 0) throw notRunning(service);
    return running;
  });
}

/** One after the other, each with its own time to end. */
export async function applyRestart(
  containers: readonly ServiceContainer[],
  docker: Docker,
  signal: AbortSignal,
): Promise<void> {
  for (const { id } of containers) {
    signal.throwIfAborted();
    await docker.restart(id);
  }
}

function notRunning(service: string): OperatorError {
  return new OperatorError("SERVICE_NOT_RUNNING", `The service ${service} does not run`, {
    remedy: "Start it with `appliance start`, then try again.",
  });
}
