import { describeContent, describeSize } from "./describe.ts";
import type { SetupMount } from "./setup.ts";
import type { StorageWork } from "./work.ts";
import type { Known, World } from "./world.ts";

/** One step of a setup. A step that was carried out is not planned again. */
export interface SetupStep {
  /** The same for the same step of a later plan. */
  id: string;
  summary: string;
  work: StorageWork;
}

/** Why an entry is not carried out. */
export interface Refusal {
  code: "STORAGE_DEVICE_ABSENT" | "STORAGE_DEVICE_OCCUPIED" | "STORAGE_DEVICE_IN_USE";
  /** As the setup names it. */
  device: string;
  message: string;
}

export interface SetupPlan {
  steps: SetupStep[];
  refusals: Refusal[];
  /** Mounts of devices that are there, or will be. */
  mounts: { mount: SetupMount; path: string; mounted: boolean }[];
  /** Devices, by their paths here, that are to be swapped to and are not. */
  swaps: string[];
}

/** A plan that is being made. */
export interface Planning extends Pick<SetupPlan, "steps" | "refusals"> {
  world: World;
  /** Devices, by their paths here, whose content may be lost. */
  forced: ReadonlySet<string>;
  /** Members of arrays that run, a failed one among them too. */
  members: ReadonlySet<string>;
  /** Devices that a refused entry takes or would have made: what needs them is left out without further words. */
  blocked: Set<string>;
}

/** @param action what the entry is known by, whether it is made or only taken into use */
export function addStep(
  { steps }: Planning,
  work: StorageWork,
  subject: string,
  summary: string,
  action: StorageWork["action"] = work.action,
): void {
  steps.push({ id: `${action} ${subject}`, summary, work });
}

/** Always false, so that a caller can return it. What the entry would have made counts as blocked, too. */
export function refuse({ refusals, blocked, world }: Planning, refusal: Refusal, makes: readonly string[] = []): false {
  refusals.push(refusal);
  for (const name of [refusal.device, ...makes]) blocked.add(world.pathOf(name));
  return false;
}

/** Whether a refused entry decided already about one of these; what is made from them is blocked then. */
export function isBlocked(
  { blocked, world }: Planning,
  takes: readonly string[],
  makes: readonly string[] = [],
): boolean {
  const found = takes.some((name) => blocked.has(world.pathOf(name)));
  if (found) for (const name of makes) blocked.add(world.pathOf(name));
  return found;
}

/** The device if it is there, else a refusal. */
export function need(planning: Planning, device: string, makes: readonly string[] = []): Known | undefined {
  const known = planning.world.get(device);
  if (known) return known;
  refuse(planning, { code: "STORAGE_DEVICE_ABSENT", device, message: `${device} is not there` }, makes);
  return undefined;
}

/** True when `device` may be written to: it carries nothing, or is forced to lose it, for which a step is planned. */
export function claim(planning: Planning, device: string, makes: readonly string[] = []): boolean {
  const known = need(planning, device, makes);
  if (!known) return false;
  if (known.inUse !== undefined) {
    const message = `${device} ${known.inUse}`;
    return refuse(planning, { code: "STORAGE_DEVICE_IN_USE", device, message }, makes);
  }
  if (known.signatures === "unknown" || known.signatures?.length === 0) return true;
  const content = describeContent({ signatures: known.signatures });
  if (planning.forced.has(known.path) && known.signatures !== undefined) return wipe(planning, known, content);
  const message = `${device} carries ${content}`;
  return refuse(planning, { code: "STORAGE_DEVICE_OCCUPIED", device, message }, makes);
}

/** The partitions first: made anew at the same places, they would show what they carried before. */
function wipe(planning: Planning, { path }: Known, content: string): true {
  const parts = planning.world.childrenOf(path).map((child) => child.path);
  const summary = `Remove what ${path} carries: ${content} (forced)`;
  addStep(planning, { action: "wipe", devices: [...parts, path] }, path, summary);
  planning.world.empty(path);
  return true;
}

/** `/dev/vdb (20 GB)`. */
export function named(device: string, { world }: Planning): string {
  const bytes = world.get(device)?.bytes;
  return bytes === undefined ? device : `${device} (${describeSize(bytes)})`;
}
