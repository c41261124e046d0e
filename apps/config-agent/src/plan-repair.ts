import type { Container } from "@appliance/jobs";
import { DATA_STAGE } from "./containers.ts";
import type { Phase } from "./status/status.ts";

export interface RepairObserved {
  phase: Phase;
  /** Whether a failure is not cleared yet. */
  failed: boolean;
  /** Whether containers reach the metadata service, from which they are to be kept. */
  metadataOpen: boolean;
  containers: readonly Container[];
}

/**
 * Why an apply is needed to bring back what once ran, or null. Containers of the data stage have no restart of their own, since
 * the engine would start them before their volumes are mounted; so this is what starts them again after a crash.
 */
export function planRepair({ phase, failed, metadataOpen, containers }: RepairObserved): string | null {
  if (phase !== "ready" || failed) return null;
  const down = containers.filter(needsRepair);
  if (down.length > 0) return `not running: ${down.map(({ service }) => service).join(", ")}`;
  return metadataOpen ? "containers reach the metadata service" : null;
}

function needsRepair({ project, service, state }: Container): boolean {
  return (project === "application" || DATA_STAGE.includes(service)) && state !== "running" && state !== "restarting";
}
