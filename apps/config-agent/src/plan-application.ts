import { createHash } from "node:crypto";
import type { Container } from "@appliance/jobs";
import { step, type PlannedStep } from "./capability.ts";
import type { UpdateAgentSlice } from "./plan-slices.ts";

/** What was last brought into service, kept in a file; null before the first time. */
export interface ApplicationRecord {
  /** Digest of the compose file's name, the environment and the version. */
  digest: string;
}

export interface ApplicationObserved {
  containers: Container[];
  record: ApplicationRecord | null;
  /** The version whose migrations ran last; null when the tag was removed or the database is new. */
  migratedVersion: string | null;
}

export interface ApplicationWanted {
  /** What runs: `ecs` at a commit, or the built-in sample of this appliance's version. */
  version: string;
  slice: NonNullable<UpdateAgentSlice["application"]>;
}

export interface ApplicationStep extends PlannedStep {
  action: "migrate" | "start";
}

const CAPABILITY = "application";

/** Migrations first, then containers: an application never runs on a schema that it does not know. */
export function planApplication(wanted: ApplicationWanted, observed: ApplicationObserved): ApplicationStep[] {
  const steps: ApplicationStep[] = [];
  const containers = observed.containers.filter(({ project }) => project === "application");
  if (observed.migratedVersion !== wanted.version) steps.push(migrateStep(wanted, observed, containers));
  const down = containers.filter((container) => !isServing(container)).map(({ service }) => service);
  const changed = observed.record?.digest !== applicationDigest(wanted);
  if (steps.length > 0 || changed || down.length > 0 || containers.length === 0)
    steps.push(startStep(changed, down, containers));
  return steps;
}

/** What decides whether running containers are still the wanted ones. It holds secrets only as a digest. */
export function applicationDigest({ version, slice }: ApplicationWanted): string {
  const environment = Object.entries(slice.environment).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([version, slice.composeFile, environment]))
    .digest("hex");
}

function migrateStep(
  { version }: ApplicationWanted,
  { migratedVersion }: ApplicationObserved,
  running: Container[],
): ApplicationStep {
  return step({
    capability: CAPABILITY,
    action: "migrate",
    summary: "Migrate the database of the application",
    changes: [{ what: "version", ...(migratedVersion ? { from: migratedVersion } : {}), to: version }],
    downtime: running.some(isServing) ? "while the migrations run" : null,
  });
}

function startStep(changed: boolean, down: string[], containers: Container[]): ApplicationStep {
  const replaces = changed && containers.some(isServing);
  return step({
    capability: CAPABILITY,
    action: "start",
    summary: replaces ? "Replace the application's containers with the new configuration" : "Start the application",
    changes: down.map((service) => ({ what: service, from: "not running", to: "running" })),
    restarts: replaces ? ["application"] : [],
    downtime: replaces ? "some seconds, while its containers are replaced" : null,
    applicationIsDown: !containers.some(isServing),
  });
}

function isServing({ state, health }: Container): boolean {
  return state === "running" && health !== "unhealthy";
}
