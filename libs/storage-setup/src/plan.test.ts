import { describe, expect, it } from "vitest";
import {
  commandOf,
  parseStorageSetup,
  planStorageSetup,
  type BlockDevice,
  type Observed,
  type Signature,
} from "./index.ts";

const GB = 1000 ** 3;

const sign = (type: string, label?: string): Signature => {
  const usage = /^(gpt|dos|PMBR)$/.test(type) ? "partition-table" : type === "LVM2_member" ? "raid" : "filesystem";
  return { type, usage, label, uuid: undefined };
};

const device = (path: string, more: Partial<BlockDevice> = {}): BlockDevice => ({
  path,
  type: "disk",
  bytes: 20 * GB,
  parents: [],
  mountPoints: [],
  signatures: [],
  ...more,
});

const part = (path: string, disk: string, more: Partial<BlockDevice> = {}) =>
  device(path, { type: "part", parents: [disk], ...more });

const host = (...devices: BlockDevice[]): Observed => ({
  devices,
  links: new Map(),
  physicalVolumes: new Map(),
  logicalVolumes: new Set(),
});

function plan(text: string, observed: Observed, forced: string[] = []) {
  const { setup, problems } = parseStorageSetup(text);
  if (!setup) throw new Error(JSON.stringify(problems));
  return planStorageSetup(setup, observed, forced);
}

/** The program and arguments of each step, as one line. */
const commandsOf = ({ steps }: ReturnType<typeof plan>) =>
  steps.map(({ work }) => [commandOf(work).program, ...commandOf(work).args].join(" "));
const refusalsOf = ({ refusals }: ReturnType<typeof plan>) => refusals.map(({ message }) => message);

const MIRROR = `
swap: [/dev/vg0/swap]
format:
  /dev/vg0/swap: {fstype: swap}
  /dev/mapper/vg0-my--data: {fstype: xfs, options: ["-L ecs-data"]}
lvm:
  lv:
    my-data: {vgname: vg0, size: 10g}
    swap: {vgname: vg0, extents: 100%FREE, wipesignatures: yes}
  vg: {vg0: {devices: [/dev/mapper/secret]}}
  pv: [/dev/mapper/secret]
crypt:
  /dev/md0: {password: hunter2, target: secret}
mdadm:
  /dev/md0: {level: 1, devices: [/dev/vdb2, /dev/nvme0n1p2], chunk: 512K}
parted:
  /dev/vdb: {type: gpt, parts: [{name: grub, start: 1MiB, end: 2MiB, flags: [bios_grub]}, {name: raid, start: 2MiB, end: 100%, flags: [raid]}]}
  /dev/nvme0n1: {type: mbr, parts: [{name: a, start: 1MiB, end: 2MiB}, {name: raid, start: 2MiB, end: 100%}]}
`;

describe("a setup on empty disks", () => {
  it("is carried out from the disks up, whatever the order of the text", () => {
    expect(commandsOf(plan(MIRROR, host(device("/dev/vdb"), device("/dev/nvme0n1"))))).toEqual([
      "parted --script -- /dev/vdb mklabel gpt",
      "parted --script --align optimal -- /dev/vdb mkpart grub 1MiB 2MiB set 1 bios_grub on",
      "parted --script --align optimal -- /dev/vdb mkpart raid 2MiB 100% set 2 raid on",
      "parted --script -- /dev/nvme0n1 mklabel msdos",
      "parted --script --align optimal -- /dev/nvme0n1 mkpart primary 1MiB 2MiB",
      "parted --script --align optimal -- /dev/nvme0n1 mkpart primary 2MiB 100%",
      "mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --chunk=512K /dev/vdb2 /dev/nvme0n1p2",
      "cryptsetup luksFormat --key-file - --batch-mode -- /dev/md0",
      "cryptsetup open --key-file - --type luks -- /dev/md0 secret",
      "pvcreate -- /dev/mapper/secret",
      "vgcreate -- vg0 /dev/mapper/secret",
      "lvcreate --wipesignatures n --size 10g --name my-data -- vg0",
      "lvcreate --yes --wipesignatures y --extents 100%FREE --name swap -- vg0",
      "mkswap -- /dev/mapper/vg0-swap",
      "mkfs.xfs -L ecs-data -- /dev/mapper/vg0-my--data",
    ]);
  });

  it("hands the password to standard input alone", () => {
    const { steps } = plan(MIRROR, host(device("/dev/vdb"), device("/dev/nvme0n1")));
    const commands = steps.map(({ work }) => commandOf(work));
    expect(commands.filter(({ input }) => input === "hunter2")).toHaveLength(2);
    expect(JSON.stringify([commands.map(({ args }) => args), steps.map(({ summary }) => summary)])).not.toContain(
      "hunter2",
    );
  });

  it("says what it does to which device, and how large that is", () => {
    const { steps } = plan("format: {/dev/vdb: {fstype: ext4, options: [-L ecs-data]}}", host(device("/dev/vdb")));
    expect(steps.map(({ summary }) => summary)).toEqual(["Format /dev/vdb (20 GB) as ext4 with the label ecs-data"]);
  });

  it("goes on where it was cut off, at each of its steps", () => {
    const text =
      "parted: {/dev/vdb: {type: gpt, parts: [{name: a, start: 0%, end: 100%}]}}\nformat: {/dev/vdb1: {fstype: ext4}}";
    const states = [
      host(device("/dev/vdb")),
      host(device("/dev/vdb", { signatures: [sign("gpt"), sign("PMBR")] })),
      host(device("/dev/vdb", { signatures: [sign("gpt")] }), part("/dev/vdb1", "/dev/vdb")),
      host(
        device("/dev/vdb", { signatures: [sign("gpt")] }),
        part("/dev/vdb1", "/dev/vdb", { signatures: [sign("ext4")] }),
      ),
    ];
    expect(states.map((state) => plan(text, state).steps.map(({ work }) => work.action))).toEqual([
      ["table", "partition", "format"],
      ["partition", "format"],
      ["format"],
      [],
    ]);
  });

  it("finds nothing left to do once everything is there, under whatever number the array came up", () => {
    const carrying = (type: string) => ({ signatures: [sign(type)] });
    const observed = host(
      device("/dev/vdb", carrying("gpt")),
      device("/dev/nvme0n1", carrying("dos")),
      part("/dev/vdb1", "/dev/vdb"),
      part("/dev/nvme0n1p1", "/dev/nvme0n1"),
      part("/dev/vdb2", "/dev/vdb", carrying("linux_raid_member")),
      part("/dev/nvme0n1p2", "/dev/nvme0n1", carrying("linux_raid_member")),
      device("/dev/md127", { type: "raid1", parents: ["/dev/nvme0n1p2", "/dev/vdb2"], ...carrying("crypto_LUKS") }),
      device("/dev/mapper/secret", { type: "crypt", parents: ["/dev/md127"], ...carrying("LVM2_member") }),
      device("/dev/mapper/vg0-my--data", {
        type: "lvm",
        parents: ["/dev/mapper/secret"],
        signatures: [sign("xfs", "ecs-data")],
      }),
      device("/dev/mapper/vg0-swap", {
        type: "lvm",
        parents: ["/dev/mapper/secret"],
        mountPoints: ["[SWAP]"],
        ...carrying("swap"),
      }),
    );
    const found = plan(MIRROR, { ...observed, physicalVolumes: new Map([["/dev/mapper/secret", "vg0"]]) });
    expect(found).toEqual({ steps: [], refusals: [], mounts: [], swaps: [] });
  });

  it("opens an encrypted disk after a boot and formats what is in it only if that turns out empty", () => {
    const text = "crypt: {/dev/vdb: {password: p, target: x}}\nformat: {/dev/mapper/x: {fstype: ext4}}";
    const closed = host(device("/dev/vdb", { signatures: [sign("crypto_LUKS")] }));
    expect(plan(text, closed).steps.map(({ summary }) => summary)).toEqual([
      "Open /dev/vdb as /dev/mapper/x",
      "Format /dev/mapper/x as ext4, unless it carries something",
    ]);
  });

  it("finds a disk by a link, and its partitions before they have one", () => {
    const text =
      "parted: {/dev/disk/by-id/d: {type: gpt, parts: [{name: a, start: 0%, end: 9%}]}}\nformat: {/dev/disk/by-id/d-part1: {fstype: ext4}}";
    const observed = { ...host(device("/dev/nvme0n1")), links: new Map([["/dev/disk/by-id/d", "/dev/nvme0n1"]]) };
    expect(commandsOf(plan(text, observed)).at(-1)).toBe("mkfs.ext4 -- /dev/nvme0n1p1");
  });

  it("extends a volume, and its file system with it, to the size that was raised", () => {
    const text = "lvm: {lv: {a: {vgname: vg0, size: 30g, expand: yes}}}";
    const volume = (bytes: number) =>
      host(device("/dev/mapper/vg0-a", { type: "lvm", bytes, signatures: [sign("ext4")] }));
    expect(commandsOf(plan(text, volume(20 * GB)))).toEqual(["lvextend --resizefs --size 30g -- vg0/a"]);
    expect(commandsOf(plan(text, volume(40 * GB)))).toEqual([]);
  });
});

describe("a device that carries something", () => {
  const format = "format: {/dev/vdb: {fstype: ext4, options: [-L ecs-data]}}";
  const carrying = (...signatures: Signature[]) => host(device("/dev/vdb", { signatures }));

  it.each([
    ["another file system", format, carrying(sign("xfs", "photos")), "/dev/vdb carries xfs 'photos'"],
    ["one with another label", format, carrying(sign("ext4", "old")), "/dev/vdb carries ext4 'old'"],
    [
      "two signatures, of which one is the right one",
      format,
      carrying(sign("ext4", "ecs-data"), sign("zfs_member")),
      "/dev/vdb carries ext4 'ecs-data' and zfs_member",
    ],
    ["a partition table", format, carrying(sign("dos")), "/dev/vdb carries a dos partition table"],
    [
      "a label that would move the cursor",
      format,
      carrying(sign("ext4", "\u001b[2J'x'")),
      "/dev/vdb carries ext4 '?[2J?x?'",
    ],
    [
      "what cannot be read",
      format,
      host(device("/dev/vdb", { signatures: undefined })),
      "/dev/vdb carries something that cannot be read",
    ],
    [
      "another table",
      "parted: {/dev/vdb: {type: gpt}}",
      carrying(sign("dos")),
      "/dev/vdb carries a dos partition table",
    ],
    [
      "a file system instead of a table",
      "parted: {/dev/vdb: {type: gpt}}",
      carrying(sign("gpt"), sign("ext4")),
      "/dev/vdb carries a gpt partition table and ext4",
    ],
    [
      "data of a member",
      "mdadm: {/dev/md0: {level: 1, devices: [/dev/vdb]}}",
      carrying(sign("linux_raid_member")),
      "/dev/vdb carries linux_raid_member",
    ],
    ["data to encrypt", "crypt: {/dev/vdb: {password: p, target: t}}", carrying(sign("ext4")), "/dev/vdb carries ext4"],
    ["data of a volume", "lvm: {pv: [/dev/vdb]}", carrying(sign("ext4")), "/dev/vdb carries ext4"],
  ])("is not written to: %s", (_what, text, observed, message) => {
    const found = plan(text, observed);
    expect([found.steps, refusalsOf(found)]).toEqual([[], [message]]);
  });

  it.each([
    [{ mountPoints: ["/srv"] }, "/dev/vdb is mounted on /srv"],
    [{ mountPoints: ["[SWAP]"] }, "/dev/vdb is in use as swap"],
  ])("is not written to while it is in use, even when forced: %j", (more, message) => {
    const found = plan(format, host(device("/dev/vdb", { ...more, signatures: [sign("xfs")] })), ["/dev/vdb"]);
    expect([found.steps, refusalsOf(found)]).toEqual([[], [message]]);
  });

  it("is not written to while something on it is in use, however deep", () => {
    const observed = host(
      device("/dev/vdb", { signatures: [sign("gpt")] }),
      part("/dev/vdb1", "/dev/vdb", { signatures: [sign("LVM2_member")] }),
      device("/dev/mapper/vg-root", { type: "lvm", parents: ["/dev/vdb1"] }),
    );
    const found = plan(format, observed, ["/dev/vdb"]);
    expect(refusalsOf(found)).toEqual(["/dev/vdb has the partition /dev/vdb1, which is in use by /dev/mapper/vg-root"]);
  });

  it("loses it when it is forced, its partitions first", () => {
    const observed = host(device("/dev/vdb", { signatures: [sign("dos")] }), part("/dev/vdb1", "/dev/vdb"));
    const text = "parted: {/dev/vdb: {type: gpt, parts: [{name: a, start: 0%, end: 9%}]}}";
    expect(commandsOf(plan(text, observed, ["/dev/vdb"]))).toEqual([
      "wipefs --all -- /dev/vdb1 /dev/vdb",
      "parted --script -- /dev/vdb mklabel gpt",
      "parted --script --align optimal -- /dev/vdb mkpart a 0% 9%",
    ]);
  });

  it("keeps what is as it is asked for, even when it is forced", () => {
    expect(plan(format, carrying(sign("ext4", "ecs-data")), ["/dev/vdb"]).steps).toEqual([]);
  });

  it("keeps what was not forced beside one that was", () => {
    const text = "format: {/dev/vdb: {fstype: ext4}, /dev/vdc: {fstype: ext4}}";
    const xfs = { signatures: [sign("xfs")] };
    const found = plan(text, host(device("/dev/vdb", xfs), device("/dev/vdc", xfs)), ["/dev/vdb"]);
    expect(commandsOf(found)).toEqual(["wipefs --all -- /dev/vdb", "mkfs.ext4 -- /dev/vdb"]);
    expect(refusalsOf(found)).toEqual(["/dev/vdc carries xfs"]);
  });
});

describe("a device that is not there", () => {
  it("is named once, and what would lie on it is left out", () => {
    const found = plan(MIRROR, host(device("/dev/vdb")));
    expect(refusalsOf(found)).toEqual(["/dev/nvme0n1 is not there"]);
    expect(found.steps.map(({ work }) => work.action)).toEqual(["table", "partition", "partition"]);
  });

  it.each([
    [
      "lvm: {lv: {a: {vgname: vg9, size: 1g}}}\nformat: {/dev/vg9/a: {fstype: ext4}}",
      "there is no volume group vg9 for the volume a",
    ],
    [
      "parted: {/dev/vdb: {parts: [{name: a, start: 0%, end: 9%}]}}",
      "/dev/vdb has no partition table, and none is asked for (type: gpt)",
    ],
    ["format: {/dev/vdb7: {fstype: ext4}}", "/dev/vdb7 is not there"],
  ])("stops its entry: %s", (text, message) => {
    const found = plan(text, host(device("/dev/vdb")));
    expect([found.steps, refusalsOf(found)]).toEqual([[], [message]]);
  });

  it("is not mounted and not swapped to", () => {
    const found = plan("mount: {/mnt/a: {device: /dev/vdc, fstype: ext4}}\nswap: [/dev/vdd]", host());
    expect([found.mounts, found.swaps]).toEqual([[], []]);
  });

  it("is refused as a member of a group when another group has it", () => {
    const observed = host(device("/dev/vdb", { signatures: [sign("LVM2_member")] }));
    const found = plan("lvm: {vg: {vg0: {devices: [/dev/vdb]}}}", {
      ...observed,
      physicalVolumes: new Map([["/dev/vdb", "other"]]),
    });
    expect(refusalsOf(found)).toEqual(["/dev/vdb belongs to the volume group other"]);
  });
});
