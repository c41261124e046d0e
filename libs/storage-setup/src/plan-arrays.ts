import type { BlockDevice } from "./observed.ts";
import { addStep, claim, isBlocked, named, need, refuse, type Planning } from "./planning.ts";
import type { Encrypted, RaidArray } from "./setup.ts";

/** One RAID array. One that is assembled from the same devices is taken, whatever its number is after this boot. */
export function planRaid(array: RaidArray, devices: readonly BlockDevice[], planning: Planning): void {
  const { device } = array;
  const { world } = planning;
  if (isBlocked(planning, array.devices, [device])) return;
  const members = array.devices.map(world.pathOf).toSorted();
  const assembled = devices.find(
    ({ type, parents }) => /^(raid|linear)/.test(type) && parents.toSorted().join() === members.join(),
  );
  if (assembled) return world.rename(device, assembled.path);
  if (world.get(device)) {
    const message = `${device} is there, made of other devices`;
    return void refuse(planning, { code: "STORAGE_DEVICE_OCCUPIED", device, message });
  }
  const shown = array.devices.map((member) => named(member, planning)).join(", ");
  if (!array.devices.every((member) => claim(planning, member, [device]))) return;
  const paths = array.devices.map(world.pathOf);
  addStep(
    planning,
    { action: "raid", array: { ...array, devices: paths } },
    device,
    `Make the RAID ${array.level} array ${device} of ${shown}`,
  );
  world.add(device);
}

/** One encrypted device: made when it carries nothing, and opened when it is not open. */
export function planCrypt({ device, password, target }: Encrypted, planning: Planning): void {
  const { world } = planning;
  const opened = `/dev/mapper/${target}`;
  if (isBlocked(planning, [device], [opened]) || world.get(opened)) return;
  const known = need(planning, device, [opened]);
  if (!known) return;
  const path = world.pathOf(device);
  const isEncrypted = Array.isArray(known.signatures) && known.signatures.some(({ type }) => type === "crypto_LUKS");
  if (!isEncrypted) {
    const shown = named(device, planning);
    if (!claim(planning, device, [opened])) return;
    addStep(planning, { action: "encrypt", device: path, password }, device, `Encrypt ${shown}`);
  }
  addStep(planning, { action: "open", device: path, target, password }, device, `Open ${device} as ${opened}`);
  world.add(opened, isEncrypted ? "unknown" : []);
}
