import { readFields } from "./fields.ts";
import { readDevice } from "./names.ts";
import { readDevices } from "./read-disks.ts";
import type { FileSystem, SetupMount } from "./setup.ts";
import type { Spot } from "./spot.ts";

const TYPES = ["ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "swap"];

/** File systems and swap space to make. */
export function readFormat(section: Spot | undefined): FileSystem[] {
  return [...(section?.entries("devices with their settings") ?? [])].flatMap(([key, entry]) => {
    const device = readDevice(entry, key);
    const fields = readFields(entry, ["fstype", "options"]);
    const type = fields.required("fstype", readType);
    const options = fields.optional("options", readOptions, []);
    return device === undefined || type === undefined ? [] : [{ device, type, options, label: labelIn(options) }];
  });
}

function readType(spot: Spot): string | undefined {
  const type = spot.text("the type of a file system") ?? "";
  if (TYPES.includes(type)) return type;
  spot.error(`must be one of ${TYPES.join(", ")}`, TYPES, type);
  return undefined;
}

/** Whether data may be lost is not said in env.yml for ever, but once and by name: `appliance apply --force-storage`. */
const FORCE = /^(?:-[fF]+|--force)$/;

/** Words for mkfs: options and their values, never a further device or file. */
function readOptions(spot: Spot): string[] {
  const words = spot.words("a list of options for mkfs");
  for (const word of words) {
    if (FORCE.test(word)) spot.error(`'${word}' is not taken: use appliance apply --force-storage DEVICE`);
    else if (!/^-{0,2}[A-Za-z0-9^][A-Za-z0-9^_.,=:+-]*$/.test(word))
      spot.error("holds a word that is no option of mkfs: only letters, digits and ^ _ . , = : + - may stand in one");
    else if (!word.startsWith("-") && !follows(word, words)) spot.error(`'${word}' is no option and follows none`);
  }
  return words;
}

/** A value stands behind an option; anything else would be read as the device or its size. */
const follows = (word: string, words: string[]) => /^-[A-Za-z]$|^--[a-z-]+$/.test(words[words.indexOf(word) - 1] ?? "");

/** -L of mkfs.ext4, mkfs.xfs, mkfs.btrfs and mkswap, -n of mkfs.vfat. */
function labelIn(options: readonly string[]): string | undefined {
  const at = options.findIndex((word) => word === "-L" || word === "--label" || word === "-n");
  if (at >= 0) return options[at + 1];
  return options.find((word) => /^(-L|--label=)./.test(word))?.replace(/^(-L|--label=)/, "");
}

const SYSTEM = ["bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "tmp", "usr", "var"];

const OWN = ["app", "data", "volatile"];
/** Keys of users lie there, and what the operator installed. There is room below them. */
const SYSTEM_ALONE = ["/home", "/opt", "/srv"];

/** Mounts, which are made again at each boot. */
export function readMount(section: Spot | undefined): SetupMount[] {
  return [...(section?.entries("folders with their settings") ?? [])].flatMap(([key, entry]) => {
    const target = readTarget(entry, key);
    const fields = readFields(entry, ["device", "fstype", "opts"], ["mkmnt", "dump", "pass_num", "persist"]);
    const device = fields.required("device", (spot) => readDevice(spot));
    const type = fields.required("fstype", readType);
    if (type === "swap") fields.at("fstype")?.error("swap is not mounted; name the device below 'swap'");
    const options = fields.optional("opts", readMountOptions, []);
    return target === undefined || device === undefined || type === undefined
      ? []
      : [{ target, device, type, options }];
  });
}

function readTarget(spot: Spot, target: string): string | undefined {
  const [root, top = "", ...below] = target.split("/");
  const names = [top, ...below];
  if (root !== "" || names.some((name) => !/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(name)))
    spot.error("must be an absolute path of letters, digits, '_', '.', '+' and '-'");
  else if (target === "/data" || target === "/volatile")
    spot.error(`is mounted by its label: give the file system the label ecs-${top} instead`);
  else if (OWN.includes(top)) spot.error("belongs to the appliance; take a folder such as /mnt/images");
  else if (SYSTEM.includes(top) || SYSTEM_ALONE.includes(target))
    spot.error("would hide a folder of the system; take one such as /mnt/images");
  else return target;
  return undefined;
}

function readMountOptions(spot: Spot): string[] {
  const options = spot.words("mount options").flatMap((words) => words.split(","));
  const bad = options.find((option) => !/^[a-z][a-z0-9_.-]*(?:=[A-Za-z0-9_.:/+-]*)?$/.test(option));
  if (bad !== undefined) spot.error("holds a word that is no mount option");
  return options;
}

export const readSwap = (section: Spot | undefined): string[] => (section ? readDevices(section) : []);
