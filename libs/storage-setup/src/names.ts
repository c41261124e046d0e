import type { Spot } from "./spot.ts";

/** A path below /dev that no program reads as an option or as another place. */
const DEVICE = /^\/dev(\/[A-Za-z0-9_][A-Za-z0-9_.,+:@=-]*)+$/;
const LONGEST_DEVICE = 255;

/** Names of volume groups, logical volumes and opened devices; lvm(8), "Valid names". */
const VOLUME = /^[A-Za-z0-9_+.][A-Za-z0-9_+.-]{0,127}$/;

/** The device that stands here, reported and undefined when the text cannot name one. */
export function readDevice(spot: Spot, name = spot.text("the path of a device")): string | undefined {
  if (name === undefined) return undefined;
  if (DEVICE.test(name) && name.length <= LONGEST_DEVICE) return name;
  spot.error("must be the path of a device, as in /dev/vdb");
  return undefined;
}

export function readVolumeName(spot: Spot, name = spot.text("a name")): string | undefined {
  if (name === undefined) return undefined;
  if (VOLUME.test(name) && name !== "." && name !== "..") return name;
  spot.error("must be a name of letters, digits, '_', '.', '+' and '-' that does not begin with '-'");
  return undefined;
}

/** The partition as the kernel calls it: /dev/vdb1, /dev/nvme0n1p1; udev's links of a disk end in -part1. */
export function partitionOf(disk: string, number: number): string {
  if (disk.startsWith("/dev/disk/")) return `${disk}-part${number}`;
  return /\d$/.test(disk) ? `${disk}p${number}` : `${disk}${number}`;
}

/** The device-mapper name of a logical volume: a hyphen in a name is doubled. */
export function mapperOf({ group, name }: { group: string; name: string }): string {
  const doubled = (part: string) => part.replaceAll("-", "--");
  return `/dev/mapper/${doubled(group)}-${doubled(name)}`;
}
