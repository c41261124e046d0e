import { canonical } from "./check.ts";
import type { BlockDevice, Observed, Signature } from "./observed.ts";
import type { StorageSetup } from "./setup.ts";

/** A device as it will be once the steps planned so far are done. */
export interface Known {
  path: string;
  bytes: number | undefined;
  /** Undefined: it cannot be read. `unknown`: it is opened first, and looked at then. */
  signatures: Signature[] | undefined | "unknown";
  /** What uses it, as the end of a sentence. */
  inUse: string | undefined;
}

/** The devices of a host while a plan is made: what is there, and what its steps will have made. */
export interface World {
  /** What a name of the setup means here. */
  readonly pathOf: (name: string) => string;
  get(name: string): Known | undefined;
  /** A device that a step makes, carrying nothing unless said. */
  add(name: string, signatures?: Known["signatures"]): void;
  /** A device that the host knows by another name. */
  rename(name: string, path: string): void;
  /** A device, and what lies on it, loses what it carries. */
  empty(name: string): void;
  childrenOf(name: string): BlockDevice[];
}

export function createWorld(setup: StorageSetup, { devices, links }: Observed): World {
  const known = new Map(devices.map((device) => [device.path, toKnown(device, devices)]));
  const names = new Map(links);
  const pathOf = (name: string) => resolve(canonical(name, setup), names);
  const childrenOf = (name: string) => devices.filter(({ parents }) => parents.includes(pathOf(name)));
  return {
    pathOf,
    childrenOf,
    get: (name) => known.get(pathOf(name)),
    add(name, signatures = []) {
      const path = pathOf(name);
      known.set(path, { path, bytes: undefined, signatures, inUse: undefined });
    },
    rename: (name, path) => void names.set(name, path),
    empty(name) {
      for (const { path } of childrenOf(name)) known.delete(path);
      const device = known.get(pathOf(name));
      if (device) device.signatures = [];
    },
  };
}

/** A partition that is still to be made has no link yet; its disk has. */
function resolve(name: string, names: ReadonlyMap<string, string>): string {
  const direct = names.get(name);
  if (direct !== undefined) return direct;
  const [, disk = "", number = ""] = /^(\/dev\/disk\/.+)-part(\d+)$/.exec(name) ?? [];
  const path = names.get(disk);
  return path === undefined ? name : `${path}${/\d$/.test(path) ? "p" : ""}${number}`;
}

function toKnown({ path, bytes, signatures, mountPoints }: BlockDevice, all: readonly BlockDevice[]): Known {
  return { path, bytes, signatures, inUse: useOf(path, mountPoints, all) };
}

/** Partitions alone are no use of a disk, what is done with them is. */
function useOf(path: string, mountPoints: readonly string[], all: readonly BlockDevice[]): string | undefined {
  const [point] = mountPoints;
  if (point === "[SWAP]") return "is in use as swap";
  if (point !== undefined) return `is mounted on ${point}`;
  for (const child of all.filter(({ parents }) => parents.includes(path))) {
    if (child.type !== "part") return `is in use by ${child.path}`;
    const use = useOf(child.path, child.mountPoints, all);
    if (use !== undefined) return `has the partition ${child.path}, which ${use}`;
  }
  return undefined;
}
