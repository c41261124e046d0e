import type { ContainersStop, DataOf } from "@appliance/jobs";
import type { Compose } from "./compose.ts";
import type { ServiceContainer } from "./docker.ts";

type StopOrder = Pick<DataOf<typeof ContainersStop>, "timeoutSeconds"> & { services: readonly string[] };

/** The services that have a container to be stopped, of those named. Pure. */
export function planStop(services: readonly string[], observed: readonly ServiceContainer[]): string[] {
  const stoppable = observed.filter(({ state }) => state === "running" || state === "restarting" || state === "paused");
  const running = new Set(stoppable.map(({ service }) => service));
  return services.filter((service) => running.has(service));
}

/** Stops what runs, dependants first; what is stopped already is done. */
export async function applyStop(
  name: string,
  order: StopOrder,
  observed: readonly ServiceContainer[],
  compose: Compose,
  signal: AbortSignal,
): Promise<void> {
  const services = planStop(order.services, observed);
  if (services.length > 0) await compose.stop(name, services, order.timeoutSeconds, signal);
}
