import type { Container } from "@appliance/jobs";
import { step, type PlannedStep } from "./capability.ts";

export interface PackageCacheWanted {
  /** `appliance:storage:proxy_cache`. */
  isAskedFor: boolean;
  /** With the tag of this version. */
  image: string;
}

export interface PackageCacheObserved {
  container: Pick<Container, "state" | "health" | "image"> | undefined;
  /** Whether the folder of what it keeps is there. */
  hasFolder: boolean;
  /** Whether apt of the host is told of it: as wanted, in part or in other words, or not at all. */
  apt: "told" | "half" | "not told";
  /** Why apt of this host is not to be told, as a sentence. */
  aptUnavailable: string | undefined;
}

export interface PackageCacheStep extends PlannedStep {
  action: "start" | "replace" | "tell apt" | "remove";
}

const CAPABILITY = "package-cache";

/** A cache that serves first, then apt that asks it. Where env.yml asks for none, nothing of it is left. Pure. */
export function planPackageCache(wanted: PackageCacheWanted, observed: PackageCacheObserved): PackageCacheStep[] {
  if (!wanted.isAskedFor) return planRemoval(observed);
  const steps: PackageCacheStep[] = [];
  const { state } = observed.container ?? {};
  if (state !== "running") steps.push(cacheStep("start", "Start the package cache"));
  else if (!isWell(wanted, observed)) steps.push(cacheStep("replace", "Replace the package cache with a fresh one"));
  if (observed.apt !== "told")
    steps.push({
      ...cacheStep("tell apt", "Let apt of the host ask the package cache first"),
      unavailable: observed.aptUnavailable,
    });
  return steps;
}

function planRemoval({ container, hasFolder, apt }: PackageCacheObserved): PackageCacheStep[] {
  if (!container && !hasFolder && apt === "not told") return [];
  return [cacheStep("remove", "Remove the package cache with all that it keeps")];
}

/** One whose folder was removed by hand goes on with the folder that nobody sees any more. */
function isWell({ image }: PackageCacheWanted, { container, hasFolder }: PackageCacheObserved): boolean {
  return container?.image === image && container.health !== "unhealthy" && hasFolder;
}

function cacheStep(action: PackageCacheStep["action"], summary: string): PackageCacheStep {
  return step({ capability: CAPABILITY, summary, action });
}
