import type { BlockDevice } from "@appliance/storage-setup";
import { describe, expect, it } from "vitest";
import { fileSystemId, findVolume, type Volume } from "./plan-volumes.ts";
import { refuseUnknownForce, setupRefused } from "./setup-refusals.ts";

const DATA: Volume = { key: "data", label: "ecs-data", target: "/data" };

const device = (path: string, more: Partial<BlockDevice> = {}): BlockDevice => ({
  path,
  type: "disk",
  bytes: 1e9,
  parents: [],
  mountPoints: [],
  signatures: [{ type: "ext4", usage: "filesystem", label: "ecs-data", uuid: `uuid of ${path}` }],
  ...more,
});

const mountedOn = (source: string, target = "/data") => [{ source, target }];

describe("findVolume", () => {
  it("finds the file system that carries the label, mounted or not", () => {
    expect(findVolume(DATA, [device("/dev/vda", { signatures: [] }), device("/dev/vdb")], [])).toMatchObject({
      device: { path: "/dev/vdb" },
      mounted: false,
    });
    const mounted = device("/dev/vdb", { mountPoints: ["/data"] });
    expect(findVolume(DATA, [mounted], mountedOn("/dev/vdb")).mounted).toBe(true);
  });

  it.each([
    ["no disk is there", [], /labelled ecs-data, and no disk/],
    ["only one with another label", [device("/dev/vdb", { signatures: [] })], /no disk/],
    ["what carries the label cannot be read", [device("/dev/vdb", { signatures: undefined })], /no disk/],
    [
      "it is swap of that name",
      [device("/dev/vdb", { signatures: [{ type: "swap", usage: "other", label: "ecs-data", uuid: undefined }] })],
      /no disk/,
    ],
  ])("calls it absent when %s", (_when, devices, message) => {
    const error = expect.objectContaining({ code: "STORAGE_ABSENT", message: expect.stringMatching(message) });
    expect(() => findVolume(DATA, devices, [])).toThrow(error);
  });

  it("says what is mounted there instead of it", () => {
    expect(() => findVolume(DATA, [], mountedOn("tmpfs"))).toThrow(/Mounted on \/data is tmpfs/);
    expect(() => findVolume(DATA, [device("/dev/vdb")], mountedOn("/dev/vdc"))).toThrow(
      expect.objectContaining({ code: "STORAGE_OTHER" }),
    );
  });

  it("does not choose between two file systems with the label", () => {
    expect(() => findVolume(DATA, [device("/dev/vdb"), device("/dev/vdc")], [])).toThrow(
      expect.objectContaining({ code: "STORAGE_AMBIGUOUS", message: expect.stringContaining("/dev/vdb and /dev/vdc") }),
    );
  });

  it("takes an array and not its members, which show the same label", () => {
    const both = [
      { type: "linux_raid_member", usage: "raid", label: "host:0", uuid: undefined },
      { type: "ext4", usage: "filesystem", label: "ecs-data", uuid: "1" },
    ];
    const devices = [
      device("/dev/vdb", { signatures: both }),
      device("/dev/vdc"),
      device("/dev/md0", { type: "raid1", parents: ["/dev/vdb", "/dev/vdc"] }),
    ];
    expect(findVolume(DATA, devices, []).device.path).toBe("/dev/md0");
  });

  it("takes a btrfs of two disks for the one file system that it is", () => {
    const signatures = [{ type: "btrfs", usage: "filesystem", label: "ecs-data", uuid: "1" }];
    const devices = [device("/dev/vdb", { signatures }), device("/dev/vdc", { signatures, mountPoints: ["/data"] })];
    expect(findVolume(DATA, devices, mountedOn("/dev/vdc")).mounted).toBe(true);
  });
});

it("tells a file system by its UUID, whatever its disk is called after this boot", () => {
  const signatures = [{ type: "ext4", usage: "filesystem", label: "ecs-data", uuid: "1" }];
  const ids = ["/dev/vdb", "/dev/vdc"].map((path) =>
    fileSystemId(findVolume(DATA, [device(path, { signatures })], [])),
  );
  expect(ids).toEqual(["1", "1"]);
});

describe("force", () => {
  it("is told of only where data is in the way", () => {
    const refusal = { device: "/dev/vdb", message: "/dev/vdb carries ext4" } as const;
    expect(setupRefused([{ ...refusal, code: "STORAGE_DEVICE_OCCUPIED" }]).remedy).toContain(
      "--force-storage /dev/vdb",
    );
    expect(setupRefused([{ ...refusal, code: "STORAGE_DEVICE_IN_USE" }]).remedy).not.toContain("--force");
  });

  it("is refused for a device that the setup does not name", () => {
    expect(() => refuseUnknownForce(["/dev/vdc"], ["/dev/vdb"])).toThrow(
      expect.objectContaining({ code: "STORAGE_FORCE_UNKNOWN", remedy: "Did you mean /dev/vdb?" }),
    );
    expect(() => refuseUnknownForce(["/dev/vdb"], [])).toThrow(/names no device/);
    refuseUnknownForce(["/dev/vdb"], ["/dev/vdb"]);
  });
});
