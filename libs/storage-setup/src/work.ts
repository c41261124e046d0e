import type { LogicalVolume, Part, RaidArray } from "./setup.ts";

/** One thing that is done to devices. The list is closed; `commandOf` has the program of each. */
export type StorageWork =
  | { action: "wipe"; devices: string[] }
  | { action: "table"; device: string; table: "gpt" | "msdos" }
  | { action: "partition"; device: string; table: "gpt" | "msdos"; number: number; part: Part }
  | { action: "raid"; array: RaidArray }
  /** An array whose members are there. */
  | { action: "assemble"; device: string; devices: string[] }
  | { action: "encrypt"; device: string; password: string }
  | { action: "open"; device: string; target: string; password: string }
  | { action: "pv"; device: string }
  | { action: "vg"; name: string; devices: string[] }
  | { action: "lv"; volume: LogicalVolume }
  /** A volume that is there and that the kernel does not have yet. */
  | { action: "activate"; volume: LogicalVolume }
  | { action: "extend"; volume: LogicalVolume; withFileSystem: boolean }
  | { action: "format"; device: string; type: string; options: string[] };

export interface StorageCommand {
  program: string;
  args: string[];
  /** Standard input; a secret. */
  input?: string;
  timeoutMs: number;
}

const MINUTE_MS = 60_000;
const LONGEST_FORMAT_MS = 30 * MINUTE_MS;

type Makers = { [A in StorageWork["action"]]: (work: Extract<StorageWork, { action: A }>) => StorageCommand };

const command = (program: string, args: string[]): StorageCommand => ({ program, args, timeoutMs: 5 * MINUTE_MS });

/** A password goes by standard input, since arguments are seen by every user of the host. */
const withPassword = (args: string[], input: string): StorageCommand => ({
  ...command("cryptsetup", [...args.slice(0, 1), "--key-file", "-", ...args.slice(1)]),
  input,
});

const COMMANDS: Makers = {
  wipe: ({ devices }) => command("wipefs", ["--all", "--", ...devices]),
  table: ({ device, table }) => command("parted", ["--script", "--", device, "mklabel", table]),
  partition: (work) => command("parted", partitionArguments(work)),
  raid: ({ array }) => command("mdadm", raidArguments(array)),
  assemble: ({ device, devices }) => command("mdadm", ["--assemble", device, ...devices]),
  encrypt: ({ device, password }) => withPassword(["luksFormat", "--batch-mode", "--", device], password),
  open: ({ device, target, password }) => withPassword(["open", "--type", "luks", "--", device, target], password),
  pv: ({ device }) => command("pvcreate", ["--", device]),
  vg: ({ name, devices }) => command("vgcreate", ["--", name, ...devices]),
  lv: ({ volume }) => command("lvcreate", volumeArguments(volume)),
  activate: ({ volume: { group, name } }) => command("lvchange", ["--activate", "y", "--", `${group}/${name}`]),
  extend: ({ volume, withFileSystem }) => command("lvextend", extendArguments(volume, withFileSystem)),
  format: ({ type, options, device }) => ({
    ...command(type === "swap" ? "mkswap" : `mkfs.${type}`, [...options, "--", device]),
    timeoutMs: LONGEST_FORMAT_MS,
  }),
};

/** The program of a piece of work, with its arguments. */
export function commandOf(work: StorageWork): StorageCommand {
  const make = COMMANDS[work.action] as (work: StorageWork) => StorageCommand;
  return make(work);
}

/** In a GPT a partition has a name, in the older table it has a kind there. */
function partitionArguments({ device, table, number, part }: StorageWork & { action: "partition" }): string[] {
  const { name, start, end, flags } = part;
  const kind = table === "gpt" || ["primary", "logical", "extended"].includes(name) ? name : "primary";
  const set = flags.flatMap((flag) => ["set", String(number), flag, "on"]);
  return ["--script", "--align", "optimal", "--", device, "mkpart", kind, start, end, ...set];
}

/** --run: it is not asked whether a device that we found empty may be used. */
function raidArguments({ device, level, devices, options }: RaidArray): string[] {
  const more = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  return ["--create", device, "--run", `--level=${level}`, `--raid-devices=${devices.length}`, ...more, ...devices];
}

/** Without --yes lvcreate leaves an old signature in place, which is then seen as data and stops the rest. */
function volumeArguments({ name, group, size, wipeSignatures }: LogicalVolume): string[] {
  const amount = "text" in size ? ["--size", size.text] : ["--extents", size.extents];
  const wipe = wipeSignatures ? ["--yes", "--wipesignatures", "y"] : ["--wipesignatures", "n"];
  return [...wipe, ...amount, "--name", name, "--", group];
}

function extendArguments({ name, group, size }: LogicalVolume, withFileSystem: boolean): string[] {
  const amount = "text" in size ? ["--size", size.text] : ["--extents", size.extents];
  return [...(withFileSystem ? ["--resizefs"] : []), ...amount, "--", `${group}/${name}`];
}

/** Program → the Debian package that has it. Those of util-linux are on every host. */
export const PROGRAM_PACKAGES: Readonly<Record<string, string>> = {
  parted: "parted",
  mdadm: "mdadm",
  cryptsetup: "cryptsetup",
  pvcreate: "lvm2",
  vgcreate: "lvm2",
  lvcreate: "lvm2",
  lvchange: "lvm2",
  lvextend: "lvm2",
  "mkfs.ext2": "e2fsprogs",
  "mkfs.ext3": "e2fsprogs",
  "mkfs.ext4": "e2fsprogs",
  "mkfs.xfs": "xfsprogs",
  "mkfs.btrfs": "btrfs-progs",
  "mkfs.vfat": "dosfstools",
};

/** The packages that these pieces of work need, each once. */
export function packagesFor(works: readonly StorageWork[]): string[] {
  const packages = works.map((work) => PROGRAM_PACKAGES[commandOf(work).program]);
  return [...new Set(packages.filter((name) => name !== undefined))];
}
