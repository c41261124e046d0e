import type { ContainersStop, DataOf } from "@appliance/jobs";
import type { Compose } from "./compose.ts";
import type { Docker, ServiceContainer } from "./docker.ts";

type StopOrder = Pick<DataOf<typeof ContainersStop>, "timeoutSeconds" | "remove"> & { services: readonly string[] };

/** The services that have a container to be stopped, of those named. Pure. */
export function planStop(services: readonly string[], observed: readonly ServiceContainer[]): string[] {
  const stoppable = observed.filter(({ state }) => state === "running" || state === "restarting" || state === "paused");
  const running = new Set(stoppable.map(({ service }) => service));
  return services.filter((service) => running.has(service));
}

/** Stops what runs, dependants first, and takes away what it is asked to; what is stopped or gone already is done. */
export async function applyStop(
  name: string,
  order: StopOrder,
  observed: readonly ServiceContainer[],
  { compose, docker }: { compose: Compose; docker: Docker },
  signal: AbortSignal,
): Promise<void> {
  const services = planStop(order.services, observed);
  if (services.length > 0) await compose.stop(name, services, order.timeoutSeconds, signal);
  if (!order.remove) return;
  for (const { id, service } of observed) if (order.services.includes(service)) await docker.remove(id);
}
