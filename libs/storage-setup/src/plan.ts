import type { Observed } from "./observed.ts";
import { membersOfRunning, planCrypt, planRaid } from "./plan-arrays.ts";
import { planFormats } from "./plan-formats.ts";
import { planParted } from "./plan-parted.ts";
import { planVolumes } from "./plan-volumes.ts";
import type { Planning, SetupPlan } from "./planning.ts";
import type { StorageSetup } from "./setup.ts";
import { createWorld } from "./world.ts";

/**
 * What is left to do of a setup, in order. Only devices that carry nothing are written to, and those named in `forced`, which
 * lose what they carry unless that is what the setup asks for. What follows from a refused entry is left out.
 */
export function planStorageSetup(setup: StorageSetup, observed: Observed, forced: readonly string[] = []): SetupPlan {
  const world = createWorld(setup, observed);
  const planning: Planning = {
    world,
    forced: new Set(forced.map(world.pathOf)),
    members: membersOfRunning(setup.mdadm, observed.devices, world),
    blocked: new Set(),
    steps: [],
    refusals: [],
  };
  for (const disk of setup.parted) planParted(disk, planning);
  for (const array of setup.mdadm) planRaid(array, observed.devices, planning);
  for (const entry of setup.crypt) planCrypt(entry, planning);
  planVolumes(setup, observed, planning);
  planFormats(setup.format, planning);
  const { steps, refusals } = planning;
  const pointsOf = (path: string) => observed.devices.find((device) => device.path === path)?.mountPoints ?? [];
  const isThere = (path: string) => world.get(path) !== undefined && !planning.blocked.has(path);
  return {
    steps,
    refusals,
    mounts: setup.mount
      .map((mount) => ({ mount, path: world.pathOf(mount.device) }))
      .filter(({ path }) => isThere(path))
      .map(({ mount, path }) => ({ mount, path, mounted: pointsOf(path).includes(mount.target) })),
    swaps: setup.swap.map(world.pathOf).filter((path) => isThere(path) && !pointsOf(path).includes("[SWAP]")),
  };
}
