import { mapperOf, partitionOf } from "./names.ts";
import type { StorageSetup } from "./setup.ts";
import type { Spot } from "./spot.ts";

/** One entry of the setup: what it takes for itself and what it makes, in the order in which entries are carried out. */
interface Entry {
  /** Where it stands: the section and the keys below. */
  at: string[];
  takes: string[];
  makes: string[];
}

/**
 * What no entry can be blamed for alone: a device that two entries take, and one that is made only after it is needed. The
 * latter finds every loop as well, since what an entry makes never comes before what it takes.
 */
export function checkSetup(setup: StorageSetup, top: Spot): void {
  const entries = orderedEntries(setup);
  checkTakenOnce(entries, setup, top);
  checkOrder(entries, setup, top);
  for (const { device, at } of usedDevices(setup))
    if (isSwap(device, setup) !== at.startsWith("swap") && isFormatted(device, setup))
      spotAt(top, [at])?.error(`${device} is formatted for another use above`);
}

function orderedEntries({ parted, mdadm, crypt, pv, vg, lv, format }: StorageSetup): Entry[] {
  const inVolumeGroups = vg.flatMap(({ devices }) => devices);
  return [
    ...parted.map(({ device, parts }) => ({
      at: ["parted", device],
      takes: [device],
      makes: parts.map((_, index) => partitionOf(device, index + 1)),
    })),
    ...mdadm.map(({ device, devices }) => ({ at: ["mdadm", device], takes: devices, makes: [device] })),
    ...crypt.map(({ device, target }) => ({
      at: ["crypt", device],
      takes: [device],
      makes: [`/dev/mapper/${target}`],
    })),
    // A physical volume that belongs to a group of this setup is taken by the group.
    ...pv
      .filter((device) => !inVolumeGroups.includes(device))
      .map((device) => ({ at: ["lvm", "pv"], takes: [device], makes: [] })),
    ...vg.map(({ name, devices }) => ({ at: ["lvm", "vg", name], takes: devices, makes: [] })),
    ...lv.map((volume) => ({ at: ["lvm", "lv", volume.name], takes: [], makes: [mapperOf(volume)] })),
    ...format.map(({ device }) => ({ at: ["format", device], takes: [device], makes: [] })),
  ];
}

function checkTakenOnce(entries: readonly Entry[], setup: StorageSetup, top: Spot): void {
  const taken = new Map<string, Entry>();
  for (const entry of entries)
    for (const device of entry.takes.map((name) => canonical(name, setup))) {
      const first = taken.get(device);
      if (first) spotAt(top, entry.at)?.error(`${device} is taken by ${first.at.join(":")} already`);
      taken.set(device, first ?? entry);
    }
}

function checkOrder(entries: readonly Entry[], setup: StorageSetup, top: Spot): void {
  const makers = new Map<string, number>();
  for (const [index, { at, makes }] of entries.entries())
    for (const device of makes) {
      if (makers.has(device)) spotAt(top, at)?.error(`${device} is made twice`);
      makers.set(device, index);
    }
  for (const [index, { at, takes }] of entries.entries())
    for (const device of takes.map((name) => canonical(name, setup))) {
      const maker = makers.get(device) ?? -1;
      if (maker >= index)
        spotAt(top, at)?.error(`${device} is made by ${entries[maker]?.at.join(":")}, which comes later`);
    }
}

/** /dev/GROUP/NAME and /dev/mapper/GROUP-NAME are the same volume. */
export function canonical(device: string, { lv }: Pick<StorageSetup, "lv">): string {
  const volume = lv.find(({ group, name }) => device === `/dev/${group}/${name}`);
  return volume ? mapperOf(volume) : device;
}

const usedDevices = ({ mount, swap }: StorageSetup) => [
  ...mount.map(({ device, target }) => ({ device, at: `mount:${target}` })),
  ...swap.map((device) => ({ device, at: "swap" })),
];

const formatOf = (device: string, setup: StorageSetup) =>
  setup.format.find((each) => canonical(each.device, setup) === canonical(device, setup));
const isFormatted = (device: string, setup: StorageSetup) => formatOf(device, setup) !== undefined;
const isSwap = (device: string, setup: StorageSetup) => formatOf(device, setup)?.type === "swap";

function spotAt(top: Spot, path: readonly string[]): Spot | undefined {
  let spot: Spot | undefined = top;
  for (const key of path) spot = spot?.kind === "list" && key !== "pv" ? spot : (spot?.entries("").get(key) ?? spot);
  return spot;
}
