import { describeSize } from "./describe.ts";
import { mapperOf } from "./names.ts";
import type { Observed } from "./observed.ts";
import { addStep, claim, isBlocked, named, refuse, type Planning } from "./planning.ts";
import type { LogicalVolume, StorageSetup, VolumeGroup } from "./setup.ts";
import type { Known } from "./world.ts";

type Owners = ReadonlyMap<string, string>;

/** Physical volumes, volume groups and logical volumes. */
export function planVolumes(setup: StorageSetup, observed: Observed, planning: Planning): void {
  const { physicalVolumes: owners, logicalVolumes } = observed;
  const groups = new Set(owners.values());
  const blockedGroups = new Set<string>();
  for (const device of setup.pv) planPhysical(device, planning);
  for (const group of setup.vg)
    if (planGroup(group, owners, groups, planning)) groups.add(group.name);
    else blockedGroups.add(group.name);
  for (const volume of setup.lv)
    if (blockedGroups.has(volume.group)) planning.blocked.add(mapperOf(volume));
    else planVolume(volume, groups, logicalVolumes, planning);
}

const isPhysicalVolume = (known: Known | undefined) =>
  Array.isArray(known?.signatures) && known.signatures.some(({ type }) => type === "LVM2_member");

const PHYSICAL = { type: "LVM2_member", usage: "raid", label: undefined, uuid: undefined };

function planPhysical(device: string, planning: Planning): void {
  if (isBlocked(planning, [device]) || isPhysicalVolume(planning.world.get(device))) return;
  const shown = named(device, planning);
  if (!claim(planning, device)) return;
  const path = planning.world.pathOf(device);
  addStep(planning, { action: "pv", device: path }, device, `Make ${shown} a physical volume of LVM`);
  planning.world.add(device, [PHYSICAL]);
}

/** True when the group is there, or will be. */
function planGroup({ name, devices }: VolumeGroup, owners: Owners, groups: Set<string>, planning: Planning): boolean {
  if (groups.has(name)) return true;
  if (isBlocked(planning, devices)) return false;
  const shown = devices.map((device) => named(device, planning)).join(", ");
  if (!devices.every((device) => isFree(device, owners, planning))) return false;
  const paths = devices.map(planning.world.pathOf);
  addStep(planning, { action: "vg", name, devices: paths }, name, `Make the volume group ${name} of ${shown}`);
  return true;
}

/** vgcreate makes a physical volume of what carries nothing; one that is there may belong to no other group. */
function isFree(device: string, owners: Owners, planning: Planning): boolean {
  if (!isPhysicalVolume(planning.world.get(device))) return claim(planning, device);
  const owner = owners.get(planning.world.pathOf(device)) ?? "";
  if (owner === "") return true;
  const message = `${device} belongs to the volume group ${owner}`;
  return refuse(planning, { code: "STORAGE_DEVICE_IN_USE", device, message });
}

function planVolume(
  volume: LogicalVolume,
  groups: ReadonlySet<string>,
  existing: Observed["logicalVolumes"],
  planning: Planning,
): void {
  const { group, name, size } = volume;
  const path = mapperOf(volume);
  const known = planning.world.get(path);
  if (known) return planExtension(volume, known, planning);
  if (!groups.has(group)) {
    const message = `there is no volume group ${group} for the volume ${name}`;
    return void refuse(planning, { code: "STORAGE_DEVICE_ABSENT", device: path, message });
  }
  if (existing.has(`${group}/${name}`)) return activate(volume, planning);
  const shown = "text" in size ? describeSize(size.bytes) : size.extents;
  addStep(planning, { action: "lv", volume }, path, `Make the logical volume ${group}/${name} of ${shown}`);
  planning.world.add(path);
}

/** A host does so at boot, but not where lvm2 is only being installed, as after the loss of its root disk. */
function activate(volume: LogicalVolume, planning: Planning): void {
  const path = mapperOf(volume);
  const summary = `Take the logical volume ${volume.group}/${volume.name} into use`;
  addStep(planning, { action: "activate", volume }, path, summary, "lv");
  planning.world.add(path, "unknown");
}

const GROWS = /^(ext[234]|xfs)$/;

function planExtension(volume: LogicalVolume, known: Known, planning: Planning): void {
  const { group, name, size, expand } = volume;
  if (!expand || !("text" in size) || known.bytes === undefined || known.bytes >= size.bytes) return;
  const withFileSystem = Array.isArray(known.signatures) && known.signatures.some(({ type }) => GROWS.test(type));
  const summary = `Extend the logical volume ${group}/${name} from ${describeSize(known.bytes)} to ${describeSize(size.bytes)}`;
  addStep(planning, { action: "extend", volume, withFileSystem }, mapperOf(volume), summary);
}
