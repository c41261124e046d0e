import type { Host } from "@appliance/host";
import type { Observed } from "@appliance/storage-setup";
import type { Wanted } from "../capability.ts";
import { findVolume, VOLUMES, type FoundVolume, type Volume } from "./plan-volumes.ts";

/** The disks of the host as the parts of one run see them: looked at once, and again after something was done to them. */
export interface StorageLook {
  /** With `names`, devices of a setup, it is looked anew. @throws OperatorError `HOST_VERB_UNAVAILABLE` on a host without disks */
  observe(wanted: Wanted, names: readonly string[]): Promise<Observed>;
  forget(): void;
  /** @throws OperatorError as `findVolume` */
  volume(volume: Volume, wanted: Wanted): Promise<FoundVolume>;
}

export function createStorageLook(host: Host): StorageLook {
  let looks = new WeakMap<Wanted, Promise<Observed>>();
  const observe: StorageLook["observe"] = async (wanted, names) => {
    const known = looks.get(wanted);
    if (known && names.length === 0) return known;
    const look = host.storage.observe(names);
    looks.set(wanted, look);
    return look;
  };
  return {
    observe,
    forget: () => (looks = new WeakMap()),
    async volume(volume, wanted) {
      const { devices } = await observe(wanted, []);
      return findVolume(volume, devices, await host.mounts.list());
    },
  };
}

/** The volumes that env.yml asks for. */
export function wantedVolumes({ env }: Wanted): Volume[] {
  return VOLUMES.filter(({ key }) => !env.appliance.storage.ignore[key]);
}
