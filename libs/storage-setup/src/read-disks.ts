import { readFields } from "./fields.ts";
import { readDevice, readVolumeName } from "./names.ts";
import type { DiskParts, Encrypted, Part, RaidArray } from "./setup.ts";
import { readPlaceOnDisk } from "./sizes.ts";
import type { Spot } from "./spot.ts";

const TABLES: Record<string, "gpt" | "msdos"> = { gpt: "gpt", mbr: "msdos", msdos: "msdos" };

/** parted(8), "set". */
const FLAGS =
  "bios_grub legacy_boot boot msftdata msftres irst esp chromeos_kernel bls_boot linux-home hidden raid lvm swap root lba palo prep diag".split(
    " ",
  );

/** Partitions, disk by disk. */
export function readParted(section: Spot | undefined): DiskParts[] {
  return entriesOf(section).flatMap(([key, disk]) => {
    const device = readDevice(disk, key);
    const fields = readFields(disk, ["type", "parts"]);
    const table = fields.optional("type", readTable, undefined);
    const parts = fields.optional("parts", (spot) => spot.items("a list of partitions").flatMap(readPart), []);
    return device === undefined ? [] : [{ device, table, parts }];
  });
}

function readTable(spot: Spot): DiskParts["table"] {
  const name = spot.text("gpt or mbr") ?? "";
  const table = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
  if (table === undefined) spot.error("must be gpt or mbr", Object.keys(TABLES), name);
  return table;
}

function readPart(spot: Spot): Part[] {
  const fields = readFields(spot, ["name", "start", "end", "flags"]);
  const name = fields.required("name", readPartName);
  const start = fields.required("start", readPlaceOnDisk);
  const end = fields.required("end", readPlaceOnDisk);
  const flags = fields.optional("flags", (list) => list.items("a list of flags").flatMap(readFlag), []);
  return name === undefined || start === undefined || end === undefined ? [] : [{ name, start, end, flags }];
}

/** parted(8) splits its arguments at blanks and quotes; a GPT has room for 36 characters. */
function readPartName(spot: Spot): string | undefined {
  const name = spot.text("the name of a partition") ?? "";
  if (/^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,35}$/.test(name)) return name;
  spot.error("must be a name of at most 36 letters, digits, '_', '.' and '-'");
  return undefined;
}

function readFlag(spot: Spot): string[] {
  const flag = spot.text("the name of a flag") ?? "";
  if (FLAGS.includes(flag)) return [flag];
  spot.error("is no flag of a partition", FLAGS, flag);
  return [];
}

const LEVELS = ["0", "1", "4", "5", "6", "10", "linear"];
const RAID_OPTIONS: Record<string, RegExp> = {
  chunk: /^\d{1,7}[KMG]?$/,
  metadata: /^(?:0\.90|1\.[0-2]|default)$/,
  layout: /^[a-z0-9-]{1,30}$/,
  bitmap: /^(?:internal|none)$/,
  name: /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,31}$/,
};

/** RAID arrays, by mapping (`level`, `devices`) or in the older form, a list with `level=1` and the devices. */
export function readMdadm(section: Spot | undefined): RaidArray[] {
  return entriesOf(section).flatMap(([key, array]) => {
    const device = readDevice(array, key);
    const fields = readFields(
      array,
      ["level", "devices", "raid-devices", ...Object.keys(RAID_OPTIONS)],
      ["run", "homehost"],
    );
    const level = fields.required("level", readLevel);
    const devices = fields.required("devices", readDevices) ?? [];
    const count = fields.optional("raid-devices", (spot) => spot.text("a number"), String(devices.length));
    if (count !== String(devices.length)) array.error("raid-devices is not the number of devices");
    const options = Object.fromEntries(
      Object.keys(RAID_OPTIONS).flatMap((name) => fields.optional(name, (spot) => readRaidOption(name, spot), [])),
    );
    return device === undefined || level === undefined ? [] : [{ device, level, devices, options }];
  });
}

function readLevel(spot: Spot): string | undefined {
  const level = (spot.text("a RAID level") ?? "").replace(/^raid/, "");
  if (LEVELS.includes(level)) return level;
  spot.error(`must be one of ${LEVELS.join(", ")}`);
  return undefined;
}

function readRaidOption(name: string, spot: Spot): [string, string][] {
  const value = spot.text("one word") ?? "";
  if (RAID_OPTIONS[name]?.test(value)) return [[name, value]];
  spot.error("is no value that mdadm takes here");
  return [];
}

export const readDevices = (spot: Spot): string[] =>
  spot.items("a list of devices").flatMap((item) => readDevice(item) ?? []);

/** Encrypted devices. The password is never quoted. */
export function readCrypt(section: Spot | undefined): Encrypted[] {
  return entriesOf(section).flatMap(([key, entry]) => {
    const device = readDevice(entry, key);
    const fields = readFields(entry, ["password", "target"]);
    const password = fields.required("password", (spot) => spot.text("a text"));
    const target = fields.required("target", (spot) => readVolumeName(spot));
    if (password?.includes("\n")) entry.error("the password must be one line");
    return device === undefined || target === undefined || password === undefined ? [] : [{ device, password, target }];
  });
}

const entriesOf = (section: Spot | undefined) => [...(section?.entries("devices with their settings") ?? [])];
