import { describe, expect, it } from "vitest";
import { commandOf, parseStorageSetup, planStorageSetup, type BlockDevice, type Observed } from "./index.ts";

const disk = (path: string, signature?: { type: string; uuid?: string }): BlockDevice => ({
  path,
  type: "disk",
  bytes: 1e9,
  parents: [],
  mountPoints: [],
  signatures: signature ? [{ usage: "raid", label: undefined, uuid: undefined, ...signature }] : [],
});

const array = (...parents: string[]): BlockDevice => ({ ...disk("/dev/md127"), type: "raid1", parents });
const member = (path: string, uuid = "one") => disk(path, { type: "linux_raid_member", uuid });

function plan(text: string, devices: BlockDevice[], more: Partial<Observed> = {}, forced: string[] = []) {
  const { setup, problems } = parseStorageSetup(text);
  if (!setup) throw new Error(JSON.stringify(problems));
  const nothing = { links: new Map(), physicalVolumes: new Map(), logicalVolumes: new Set<string>() };
  const { steps, refusals } = planStorageSetup(setup, { ...nothing, devices, ...more }, forced);
  const commands = steps.map(({ work }) => [commandOf(work).program, ...commandOf(work).args].join(" "));
  return { commands, ids: steps.map(({ id }) => id), refusals: refusals.map(({ message }) => message) };
}

const MIRROR = "mdadm: {/dev/md0: {level: 1, devices: [/dev/vdb, /dev/vdc]}}\n";
const ENCRYPTED = `${MIRROR}crypt: {/dev/md0: {password: p, target: x}}`;

describe("disks of an appliance whose root disk was replaced", () => {
  it("have their array started, not made anew, and what is in it is looked at before anything is made of that", () => {
    const found = plan(`${MIRROR}format: {/dev/md0: {fstype: ext4}}`, [member("/dev/vdb"), member("/dev/vdc")]);
    expect(found).toEqual({
      commands: ["mdadm --assemble /dev/md0 /dev/vdb /dev/vdc", "mkfs.ext4 -- /dev/md0"],
      ids: ["raid /dev/md0", "format /dev/md0"],
      refusals: [],
    });
  });

  it("lose an array only when its members are forced", () => {
    const found = plan(MIRROR, [member("/dev/vdb"), member("/dev/vdc")], {}, ["/dev/vdb", "/dev/vdc"]);
    expect(found.commands.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "wipefs --all",
      "wipefs --all",
      "mdadm --create",
    ]);
  });

  it("are refused where their members belong to two arrays", () => {
    const found = plan(MIRROR, [member("/dev/vdb"), member("/dev/vdc", "two")]);
    expect(found).toMatchObject({ commands: [], refusals: ["/dev/vdb carries linux_raid_member"] });
  });

  it("have their logical volumes taken into use", () => {
    const text = "lvm: {vg: {vg0: {devices: [/dev/vdb]}}, lv: {a: {vgname: vg0, size: 1g}}}";
    const lvm = { physicalVolumes: new Map([["/dev/vdb", "vg0"]]), logicalVolumes: new Set(["vg0/a"]) };
    expect(plan(text, [disk("/dev/vdb", { type: "LVM2_member" })], lvm)).toEqual({
      commands: ["lvchange --activate y -- vg0/a"],
      ids: ["lv /dev/mapper/vg0-a"],
      refusals: [],
    });
  });
});

describe("an array that runs without one of its disks", () => {
  const luks = { ...array("/dev/vdb"), signatures: disk("", { type: "crypto_LUKS" }).signatures };

  it("is taken as it is, since that is what it is for", () => {
    const opened = ["cryptsetup open --key-file - --type luks -- /dev/md127 x"];
    expect(plan(ENCRYPTED, [member("/dev/vdb"), luks])).toMatchObject({ commands: opened, refusals: [] });
  });

  it("is taken where the partition table of the lost disk is part of the setup, too", () => {
    const parts = "type: gpt, parts: [{name: grub, start: 1MiB, end: 2MiB}, {name: raid, start: 2MiB, end: 100%}]";
    const text = `parted: {/dev/vdb: {${parts}}, /dev/vdc: {${parts}}}\n${ENCRYPTED.replace("vdb", "vdb2").replace("vdc", "vdc2")}`;
    const part = (path: string): BlockDevice => ({ ...member(path), type: "part", parents: ["/dev/vdb"] });
    const table = disk("/dev/vdb", { type: "gpt" });
    table.signatures![0]!.usage = "partition-table";
    const found = plan(text, [table, part("/dev/vdb1"), part("/dev/vdb2"), { ...luks, parents: ["/dev/vdb2"] }]);
    expect(found).toMatchObject({ ids: ["open /dev/md0"], refusals: [] });
  });
});

describe("a file system with several signatures of its own", () => {
  it("is there, and is not made again", () => {
    const vfat = { type: "vfat", usage: "filesystem", label: "EFI", uuid: "1" };
    const device = { ...disk("/dev/vdb"), signatures: [vfat, vfat, vfat] };
    const text = "format: {/dev/vdb: {fstype: vfat, options: [-n EFI]}}";
    expect(plan(text, [device])).toEqual({ commands: [], ids: [], refusals: [] });
  });
});
