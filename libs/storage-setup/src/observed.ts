import * as z from "zod";

/** One block device of the host and what it carries. */
export interface BlockDevice {
  /** As the kernel or the device mapper calls it: /dev/vdb1, /dev/mapper/vg0-data. */
  path: string;
  /** lsblk's word: disk, part, loop, lvm, crypt, raid1, … */
  type: string;
  bytes: number;
  /** Devices that it lies on. */
  parents: string[];
  /** Where it is mounted; `[SWAP]` for swap in use. */
  mountPoints: string[];
  /** Everything that libblkid knows on it, undefined when it cannot be read. Empty: it carries no data that anyone would miss. */
  signatures: Signature[] | undefined;
}

export interface Signature {
  /** ext4, LVM2_member, gpt, … */
  type: string;
  usage: string;
  label: string | undefined;
  uuid: string | undefined;
}

/** What the host has, and what the names in a setup mean there. */
export interface Observed {
  devices: BlockDevice[];
  /** A name such as /dev/disk/by-id/… → the device that it leads to now. */
  links: ReadonlyMap<string, string>;
  /** Physical volume → its volume group, empty when it belongs to none. */
  physicalVolumes: ReadonlyMap<string, string>;
  /** `GROUP/NAME` of every logical volume, whether the kernel has it as a device or not. */
  logicalVolumes: ReadonlySet<string>;
}

interface Listed {
  name: string;
  kname: string;
  type: string;
  size: number | string | null;
  mountpoints: (string | null)[];
  children?: Listed[] | undefined;
}

const Listed: z.ZodType<Listed> = z.lazy(() =>
  z.object({
    name: z.string(),
    kname: z.string(),
    type: z.string(),
    size: z.union([z.number(), z.string(), z.null()]),
    mountpoints: z.array(z.string().nullable()),
    children: z.array(Listed).optional(),
  }),
);

/** The columns that `readDevices` needs of lsblk(8), with --json --bytes --paths. */
export const LSBLK_COLUMNS = "NAME,KNAME,TYPE,SIZE,MOUNTPOINTS";

/** `lsblk --json` → devices, each once, without what they carry. What has no size (an empty drive) is left out. */
export function readDevices(json: string): BlockDevice[] {
  const found = new Map<string, BlockDevice>();
  const add = (listed: Listed, parent: string | undefined) => {
    const path = listed.name;
    const bytes = Number(listed.size ?? 0);
    if (bytes === 0) return;
    const mountPoints = listed.mountpoints.filter((point) => point !== null);
    const device = found.get(path) ?? {
      path,
      type: listed.type,
      bytes,
      parents: [],
      mountPoints,
      signatures: undefined,
    };
    if (parent !== undefined && !device.parents.includes(parent)) device.parents.push(parent);
    found.set(path, device);
    for (const child of listed.children ?? []) add(child, path);
  };
  for (const listed of z.object({ blockdevices: z.array(Listed) }).parse(JSON.parse(json)).blockdevices)
    add(listed, undefined);
  return [...found.values()];
}

const Signatures = z.object({
  signatures: z.array(
    z.object({
      device: z.string(),
      type: z.string(),
      usage: z.string().nullable(),
      label: z.string().nullable(),
      uuid: z.string().nullable(),
    }),
  ),
});

/** The columns that `readSignatures` needs of wipefs(8), with --json. */
export const WIPEFS_COLUMNS = "DEVICE,TYPE,USAGE,LABEL,UUID";

/** `wipefs --json` of one device. It writes nothing at all for one without a signature in some versions. */
export function readSignatures(json: string): Signature[] {
  if (json.trim() === "") return [];
  return Signatures.parse(JSON.parse(json)).signatures.map(({ type, usage, label, uuid }) => ({
    type,
    usage: usage ?? "",
    label: label ?? undefined,
    uuid: uuid ?? undefined,
  }));
}

/** `lvs --noheadings --separator , -o vg_name,lv_name` → `GROUP/NAME`. */
export function readLogicalVolumes(text: string): Set<string> {
  const rows = text.split("\n").map((line) => line.trim().split(","));
  return new Set(rows.flatMap(([group = "", name = ""]) => (group && name ? [`${group}/${name}`] : [])));
}

/** `pvs --noheadings --separator , -o pv_name,vg_name` → physical volume → volume group. */
export function readPhysicalVolumes(text: string): Map<string, string> {
  const rows = text.split("\n").map((line) => line.trim().split(","));
  return new Map(rows.flatMap(([device, group = ""]) => (device ? [[device, group] as const] : [])));
}
