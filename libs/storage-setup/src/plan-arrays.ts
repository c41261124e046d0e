import type { BlockDevice } from "./observed.ts";
import { addStep, claim, isBlocked, named, need, refuse, type Planning } from "./planning.ts";
import type { Encrypted, RaidArray } from "./setup.ts";
import type { World } from "./world.ts";

/** The members of each array that runs, as the setup names them here. */
export function membersOfRunning(
  arrays: readonly RaidArray[],
  devices: readonly BlockDevice[],
  world: World,
): ReadonlySet<string> {
  const running = arrays.filter((array) => findRunning(array, devices, world));
  return new Set(running.flatMap((array) => array.devices.map(world.pathOf)));
}

/** An array that runs on these members, or on those that are left of them, whatever its number is after this boot. */
function findRunning(array: RaidArray, devices: readonly BlockDevice[], { pathOf }: World): BlockDevice | undefined {
  const members = array.devices.map(pathOf);
  return devices.find(
    ({ type, parents }) =>
      /^(raid|linear)/.test(type) && parents.length > 0 && parents.every((parent) => members.includes(parent)),
  );
}

/** One RAID array: taken when it runs, started when its members are there, else made. */
export function planRaid(array: RaidArray, devices: readonly BlockDevice[], planning: Planning): void {
  const { device } = array;
  const { world } = planning;
  const running = findRunning(array, devices, world);
  if (running) return world.rename(device, running.path);
  if (isBlocked(planning, array.devices, [device])) return;
  if (world.get(device)) {
    const message = `${device} is there, made of other devices`;
    return void refuse(planning, { code: "STORAGE_DEVICE_IN_USE", device, message });
  }
  if (isOneArray(array, planning)) return startArray(array, planning);
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

/** Every member is there and says that it belongs to the same array; force means to make a new one of them. */
function isOneArray({ devices }: RaidArray, { world, forced }: Planning): boolean {
  const ids = devices.map((name) => {
    const { signatures } = world.get(name) ?? {};
    return Array.isArray(signatures) ? signatures.find(({ type }) => type === "linux_raid_member")?.uuid : undefined;
  });
  const isForced = devices.some((name) => forced.has(world.pathOf(name)));
  return !isForced && ids[0] !== undefined && new Set(ids).size === 1;
}

/** A host starts its arrays at boot, but not where mdadm is only being installed, as after the loss of its root disk. */
function startArray({ device, devices }: RaidArray, planning: Planning): void {
  const { world } = planning;
  const work = { action: "assemble", device, devices: devices.map(world.pathOf) } as const;
  addStep(planning, work, device, `Start the RAID array ${device} of ${devices.join(", ")}`, "raid");
  world.add(device, "unknown");
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
