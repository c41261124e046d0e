import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { parseStorageSetup, planStorageSetup } from "@appliance/storage-setup";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostStorage } from "../src/host.ts";
import { createHostMounts } from "../src/mounts.ts";
import type { HostPower } from "../src/power.ts";
import { createHostStorage } from "../src/storage.ts";

const sh = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" }).trim();
const MIB = 1024 * 1024;

/** This machine itself stands for the host: the same programs, started without a way in. */
const power: HostPower = {
  observe: (program, args) => runCommand(program, args, { timeoutMs: 30_000 }),
  run: (_verb, program, args, options) => runCommand(program, args, options),
  start: () => Promise.reject(new Error("nothing lasting is started here")),
};

let folder: string;
let disk: string;
let storage: HostStorage;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "storage-"));
  disk = attach("disk");
  const mounts = createHostMounts(power, "/", "/proc/self/mountinfo");
  storage = createHostStorage({ power, root: "/", mounts, systemd: false });
});
afterEach(() => {
  for (const target of ["a", "b"]) spawnSync("umount", [join(folder, target)]);
  for (const part of [`${disk}p3`]) spawnSync("swapoff", [part]);
  spawnSync("losetup", ["--detach", disk]);
  rmSync(folder, { recursive: true });
});

function attach(name: string): string {
  sh("truncate", "--size=1G", join(folder, name));
  return sh("losetup", "--find", "--show", "--partscan", join(folder, name));
}

function readSetup(text: string) {
  const { setup, problems } = parseStorageSetup(text);
  if (!setup) throw new Error(JSON.stringify(problems));
  return setup;
}

/** What config-agent does: each step planned anew before it is carried out. Returns what was done. */
async function carryOut(text: string, forced: string[] = [], most = 20): Promise<string[]> {
  const setup = readSetup(text);
  const done: string[] = [];
  for (;;) {
    const observed = await storage.observe([disk, ...setup.format.map(({ device }) => device)]);
    const { steps, refusals } = planStorageSetup(setup, observed, forced);
    if (refusals.length > 0) throw new Error(refusals.map(({ message }) => message).join("; "));
    const [next] = steps;
    if (!next || done.length === most) return done;
    await storage.carryOut(next.work);
    done.push(next.work.action);
  }
}

const setupOf = () => `
parted:
  ${disk}:
    type: gpt
    parts:
      - {name: data, start: 1MiB, end: 40%, flags: [raid]}
      - {name: volatile, start: 40%, end: 90%}
      - {name: swap, start: 90%, end: 100%}
format:
  ${disk}p1: {fstype: ext4, options: ["-L int-data"]}
  ${disk}p2: {fstype: xfs, options: ["-L int-vol"]}
  ${disk}p3: {fstype: swap}
`;
const signaturesOf = async (path: string) =>
  (await storage.observe()).devices
    .find((device) => device.path === path)
    ?.signatures?.map(({ type, label }) => [type, label]);

describe("a setup on a real disk", { timeout: 120_000 }, () => {
  it("is carried out once, and finds nothing to do the second time", async () => {
    expect(await carryOut(setupOf())).toEqual(["table", ...Array(3).fill("partition"), ...Array(3).fill("format")]);
    expect(await signaturesOf(`${disk}p1`)).toEqual([["ext4", "int-data"]]);
    expect(await signaturesOf(`${disk}p2`)).toEqual([["xfs", "int-vol"]]);
    expect(sh("parted", "--script", "--machine", disk, "print")).toMatch(/^1:.*:data:raid;$/m);
    expect(await carryOut(setupOf())).toEqual([]);
  });

  it("goes on after each step at which it was cut off", async () => {
    const done: string[] = [];
    for (let cut = 0; cut < 8; cut++) done.push(...(await carryOut(setupOf(), [], 1)));
    expect(done).toEqual(["table", ...Array(3).fill("partition"), ...Array(3).fill("format")]);
  });

  it("leaves a disk alone that carries something, until it is named", async () => {
    sh("mkfs.ext4", "-q", "-L", "photos", disk);
    await expect(carryOut(setupOf())).rejects.toThrow(`${disk} carries ext4 'photos'`);
    expect(await signaturesOf(disk)).toEqual([["ext4", "photos"]]);
    expect((await carryOut(setupOf(), [disk])).slice(0, 2)).toEqual(["wipe", "table"]);
    expect(await carryOut(setupOf(), [disk])).toEqual([]);
  });

  it("shows what an older partition at the same place still carries, and does not write over it", async () => {
    await carryOut(setupOf());
    sh("mkfs.ext4", "-q", "-F", "-L", "photos", `${disk}p1`);
    sh("wipefs", "--all", "--force", disk);
    sh("partx", "--delete", disk);
    await expect(carryOut(setupOf())).rejects.toThrow(`${disk}p1 carries ext4 'photos'`);
  });

  it("refuses a disk that is in use, even by name", async () => {
    await carryOut(setupOf());
    await storage.keep({ device: `${disk}p1`, target: join(folder, "a") });
    const other = `format: {${disk}: {fstype: ext4}}`;
    await expect(carryOut(other, [disk])).rejects.toThrow(`${disk}p1, which is mounted on ${folder}/a`);
  });

  it("says what a program complained about first, not how it is used", async () => {
    const format = storage.carryOut({ action: "format", device: disk, type: "xfs", options: ["-b", "x"] });
    await expect(format).rejects.toMatchObject({
      code: "STORAGE_SETUP_FAILED",
      message: expect.stringMatching(/^mkfs\.xfs failed: .*-b/),
    });
    const other = storage.carryOut({ action: "format", device: disk, type: "ext4", options: ["-b", "7"] });
    await expect(other).rejects.toMatchObject({ message: expect.stringMatching(/^mkfs\.ext4 failed: (?!mke2fs \d)/) });
  });

  it("finds a disk by a link", async () => {
    const link = `/dev/storage-int-${process.pid}`;
    symlinkSync(disk, link);
    try {
      expect((await storage.observe([link])).links).toEqual(new Map([[link, disk]]));
    } finally {
      rmSync(link);
    }
  });
});

describe("mounts and swap", { timeout: 120_000 }, () => {
  it("are there once they were asked for, however often", async () => {
    await carryOut(setupOf());
    const mount = { device: `${disk}p2`, target: join(folder, "b"), options: ["noatime"] };
    await storage.keep(mount);
    await storage.keep(mount);
    const found = (await storage.observe()).devices.find(({ path }) => path === `${disk}p2`);
    expect(found?.mountPoints).toEqual([mount.target]);
    expect(sh("findmnt", "--noheadings", "--output", "OPTIONS", mount.target)).toContain("noatime");
    await storage.keepSwap(`${disk}p3`);
    expect(sh("swapon", "--show=NAME", "--noheadings")).toContain(`${disk}p3`);
  });

  it("say what is the matter with a file system that cannot be mounted", async () => {
    await carryOut(setupOf());
    sh("dd", "if=/dev/zero", `of=${disk}p2`, "bs=1M", "count=1", "seek=1", "conv=notrunc", "status=none");
    sh("dd", "if=/dev/urandom", `of=${disk}p2`, "bs=512", "count=8", "seek=1", "conv=notrunc", "status=none");
    const mount = storage.keep({ device: `${disk}p2`, target: join(folder, "b") });
    await expect(mount).rejects.toMatchObject({
      code: "STORAGE_MOUNT_FAILED",
      remedy: expect.stringContaining("fsck"),
    });
  });

  it("are refused for what is no device", async () => {
    const keep = storage.keep({ device: "--bind", target: join(folder, "b") });
    await expect(keep).rejects.toMatchObject({ code: "HOST_ARGUMENT_REFUSED" });
    expect(existsSync(join(folder, "b"))).toBe(false);
  });
});

it("knows how large a disk is", async () => {
  const found = (await storage.observe()).devices.find(({ path }) => path === disk);
  expect(found).toMatchObject({ bytes: 1024 * MIB, parents: [], mountPoints: [], signatures: [] });
});
