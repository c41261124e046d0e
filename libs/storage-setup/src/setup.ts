/** What `appliance:storage:setup` asks for, in the order in which it is carried out. Devices are named as the text names them. */
export interface StorageSetup {
  parted: DiskParts[];
  mdadm: RaidArray[];
  crypt: Encrypted[];
  /** Physical volumes of LVM. */
  pv: string[];
  vg: VolumeGroup[];
  lv: LogicalVolume[];
  format: FileSystem[];
  mount: SetupMount[];
  swap: string[];
}

export interface DiskParts {
  device: string;
  /** Undefined: the partition table is there already and stays. */
  table: "gpt" | "msdos" | undefined;
  parts: Part[];
}

/** Start and end as parted(8) writes them: a number with its unit, or a part of the disk in per cent. */
export interface Part {
  name: string;
  start: string;
  end: string;
  flags: string[];
}

export interface RaidArray {
  device: string;
  /** As mdadm(8) has it: 0, 1, 5, 6, 10. */
  level: string;
  devices: string[];
  /** Of `mdadm --create`, without the dashes. */
  options: Record<string, string>;
}

export interface Encrypted {
  device: string;
  password: string;
  /** The opened device is /dev/mapper/TARGET. */
  target: string;
}

export interface VolumeGroup {
  name: string;
  devices: string[];
}

export interface LogicalVolume {
  name: string;
  group: string;
  /** `2g`, as lvcreate(8) has it: powers of 1024; or extents, `100%FREE`. */
  size: { bytes: number; text: string } | { extents: string };
  /** Grows to its size when it is smaller. */
  expand: boolean;
  /** What stands where the new volume comes to lie is removed from it. */
  wipeSignatures: boolean;
}

export interface FileSystem {
  device: string;
  type: string;
  /** Words for mkfs. */
  options: string[];
  /** The label among the options. */
  label: string | undefined;
}

export interface SetupMount {
  target: string;
  device: string;
  type: string;
  options: string[];
}
