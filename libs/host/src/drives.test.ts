import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createHostDrives, parseBlkid } from "./drives.ts";
import type { HostPower } from "./power.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "host-"));
  mkdirSync(join(root, "run/appliance"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const DRIVE = { device: "/dev/disk/by-id/usb-Stick_0:0", label: "CIDATA", type: "vfat" };

/** Stands for the host's programs: `dd` fills the file that it is given. */
function powerThatCopies(content: string, calls: string[][] = []): HostPower {
  const refuse = () => Promise.reject(new Error("not asked for"));
  const run: HostPower["run"] = async (verb, program, args) => {
    calls.push([verb, program, ...args]);
    const target = args.find((arg) => arg.startsWith("of="))?.slice("of=".length);
    if (target) writeFileSync(join(root, target), content);
    return { exitCode: 0, stdout: "", stderr: "", cutBytes: { stdout: 0, stderr: 0 }, durationMs: 1 };
  };
  return { observe: refuse, start: refuse, run };
}

it("knows drives by the label of their file system, whatever else blkid says of them", () => {
  const text = `DEVNAME=/dev/sda1
UUID=0b8c
TYPE=ext4

DEVNAME=/dev/sr0
LABEL=ci\\ data\\=1
TYPE=iso9660

DEVNAME=/dev/sdb
LABEL_FATBOOT=CIDATA
TYPE=vfat
`;
  expect(parseBlkid(text)).toEqual([
    { device: "/dev/sr0", label: "ci data=1", type: "iso9660" },
    { device: "/dev/sdb", label: "CIDATA", type: "vfat" },
  ]);
  expect(parseBlkid("")).toEqual([]);
});

it("shows a copy that root alone reads, and leaves none behind", async () => {
  const calls: string[][] = [];
  const seen = await createHostDrives(powerThatCopies("image", calls), root).withCopy(DRIVE, async (path) => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    return readFileSync(path, "utf8");
  });
  expect(seen).toBe("image");
  expect(calls[0]).toEqual(expect.arrayContaining(["drives", "dd", `if=${DRIVE.device}`, "count=64"]));
  expect(readdirSync(join(root, "run/appliance/host"))).toEqual([]);
});

it.each(["/etc/shadow", "/dev/../etc/shadow", "/dev/sr0 x", "sr0", "/dev/"])("copies no %j", async (device) => {
  const drives = createHostDrives(powerThatCopies("image"), root);
  await expect(drives.withCopy({ ...DRIVE, device }, async () => "copied")).rejects.toMatchObject({
    code: "HOST_ARGUMENT_REFUSED",
  });
});
