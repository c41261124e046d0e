import type { Recreate } from "./compose.ts";
import type { GroupModel, ServiceDefinition } from "./compose-model.ts";
import type { ServiceContainer } from "./docker.ts";

export interface UpStep {
  action: "create" | "start" | "recreate" | "remove";
  service: string;
}

export interface UpWanted {
  services: readonly string[];
  recreate: Recreate;
  model: GroupModel;
  /** Whether the job means the whole application, so that what its file no longer has goes away. */
  whole: boolean;
}

export interface UpObserved {
  containers: readonly ServiceContainer[];
  /** The engine's id of each image that a service names; none where it is not on this host. */
  imageIds: ReadonlyMap<string, string | undefined>;
}

/**
 * What compose has to do so that every wanted service runs as its definition says. Empty when all is so: then compose is not
 * even called. Pure.
 */
export function planUp({ services, recreate, model, whole }: UpWanted, observed: UpObserved): UpStep[] {
  const steps = services.flatMap((service): UpStep[] => {
    const containers = observed.containers.filter((container) => container.service === service);
    const definition = model.services.get(service);
    const action = definition && actionFor(definition, containers, recreate, observed);
    return action ? [{ action, service }] : [];
  });
  return whole ? [...removals(model, observed), ...steps] : steps;
}

function actionFor(
  definition: ServiceDefinition,
  containers: readonly ServiceContainer[],
  recreate: Recreate,
  { imageIds }: UpObserved,
): UpStep["action"] | undefined {
  if (containers.length !== definition.replicas) return "create";
  const changed = containers.some((container) => hasChanged(container, definition, imageIds.get(definition.image)));
  if (recreate === "always" || (recreate === "changed" && changed)) return "recreate";
  return containers.every(isUp) ? undefined : "start";
}

function hasChanged(container: ServiceContainer, { hash }: ServiceDefinition, imageId: string | undefined): boolean {
  return container.configHash !== hash || (imageId !== undefined && container.imageId !== imageId);
}

/** The engine itself brings a restarting one back; whether it comes to rest is seen while waiting. */
function isUp({ state }: ServiceContainer): boolean {
  return state === "running" || state === "restarting";
}

/**
 * What a killed compose left behind: it makes the new container under the name of the old one with the old one's id in front, and renames
 * it once the old one is gone. Left alone, it would be started under that name. Pure.
 */
export function halfMadeContainers(containers: readonly ServiceContainer[]): ServiceContainer[] {
  return containers.filter(({ container, state }) => state === "created" && /^[0-9a-f]{12}_/.test(container));
}

function removals(model: GroupModel, { containers }: UpObserved): UpStep[] {
  const orphans = containers.map(({ service }) => service).filter((service) => !model.services.has(service));
  return [...new Set(orphans)].map((service) => ({ action: "remove", service }));
}
