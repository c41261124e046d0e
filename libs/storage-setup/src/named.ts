import type { StorageSetup } from "./setup.ts";

/** Every name of a device in a setup, each once: what is looked up on the host before a plan is made. */
export function devicesNamed({ parted, mdadm, crypt, pv, vg, format, mount, swap }: StorageSetup): string[] {
  const names = [
    ...[parted, mdadm, crypt, format, mount].flatMap((entries) => entries.map(({ device }) => device)),
    ...mdadm.flatMap(({ devices }) => devices),
    ...vg.flatMap(({ devices }) => devices),
    ...pv,
    ...swap,
  ];
  return [...new Set(names)];
}
