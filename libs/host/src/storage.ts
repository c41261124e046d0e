import { lstat } from "node:fs/promises";
import { CommandError } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import { resolveInRoot, resolveOnHost } from "@appliance/files";
import {
  commandOf,
  LSBLK_COLUMNS,
  readDevices,
  readLogicalVolumes,
  readPhysicalVolumes,
  readSignatures,
  WIPEFS_COLUMNS,
  type BlockDevice,
  type Observed,
} from "@appliance/storage-setup";
import type { HostStorage } from "./host.ts";
import type { HostPower } from "./power.ts";
import { isMissing } from "./read-in-root.ts";
import { createKeptMounts, type KeptMountDeps } from "./storage-mounts.ts";

const LOOK_MS = 60_000;
const SETTLE_MS = 40_000;

/** Disks, what lies on them, and the mounts that come back with each boot. */
export function createHostStorage(deps: KeptMountDeps): HostStorage {
  const { power, root } = deps;
  return {
    async observe(names = []) {
      const listed = await power.run("storage", "lsblk", ["--json", "--bytes", "--paths", "--output", LSBLK_COLUMNS], {
        timeoutMs: LOOK_MS,
      });
      const devices = await withNodes(root, readDevices(listed.stdout));
      await Promise.all(
        devices.map(async (device) => {
          device.signatures = await signaturesOf(power, device.path);
        }),
      );
      return { devices, links: await linksOf(root, names), ...(await volumesOfLvm(power, devices)) };
    },
    async carryOut(work) {
      const { program, args, input, timeoutMs } = commandOf(work);
      const secret = input === undefined ? {} : { input, secrets: [input] };
      await orSetupFailed(program, () => power.run("storage", program, args, { timeoutMs, ...secret }));
      await settle(power, root);
    },
    ...createKeptMounts(deps),
  };
}

/** Some programs begin with their own version, such as `mke2fs 1.47.2 (1-Jan-2025)`. */
const VERSION = /^[\w.]+ (?:version )?\d+\.[\d.]+\b/;

/** Programs for disks say first what is wrong and then at length how they are used. */
async function orSetupFailed(program: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.exitCode === null) throw cause;
    const said = cause.stderrTail.split("\n").filter((line) => line.trim() !== "" && !VERSION.test(line));
    const complaint = said[0] ?? `exit code ${cause.exitCode}`;
    throw new OperatorError("STORAGE_SETUP_FAILED", `${program} failed: ${complaint.trim()}`, {
      remedy: "Correct appliance:storage:setup or the disk, then run `appliance apply`: it goes on with this step.",
      cause,
    });
  }
}

/** A container is told of devices that it has no node for. */
async function withNodes(root: string, devices: BlockDevice[]): Promise<BlockDevice[]> {
  const isThere = async ({ path }: BlockDevice) => {
    const at = await orUndefined(() => resolveInRoot(root, path));
    return at !== undefined && (await lstat(at)).isBlockDevice();
  };
  const there = await Promise.all(devices.map(isThere));
  return devices.filter((_, index) => there[index]);
}

/** By probing, not from the cache of blkid or of udev, which lag behind. An empty drive or one that hangs cannot be read. */
async function signaturesOf(power: HostPower, path: string) {
  try {
    const args = ["--json", "--output", WIPEFS_COLUMNS, "--", path];
    return readSignatures((await power.run("storage", "wipefs", args, { timeoutMs: LOOK_MS })).stdout);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.code === "COMMAND_TIMEOUT" || (error.code === "COMMAND_FAILED" && error.exitCode !== null))
      return undefined;
    throw error;
  }
}

/** The device mapper's own names stay as they are: what they lead to is a number. */
async function linksOf(root: string, names: readonly string[]): Promise<Observed["links"]> {
  const links = new Map<string, string>();
  for (const name of names) {
    const path = await orUndefined(() => resolveOnHost(root, name));
    if (path !== undefined && path !== name && !path.startsWith("/dev/dm-")) links.set(name, path);
  }
  return links;
}

async function volumesOfLvm(power: HostPower, devices: readonly BlockDevice[]) {
  const any = devices.some(({ signatures }) => signatures?.some(({ type }) => type === "LVM2_member"));
  const list = (program: string, columns: string) => (any ? listOfLvm(power, program, columns) : "");
  return {
    physicalVolumes: readPhysicalVolumes(await list("pvs", "pv_name,vg_name")),
    logicalVolumes: readLogicalVolumes(await list("lvs", "vg_name,lv_name")),
  };
}

async function listOfLvm(power: HostPower, program: string, columns: string): Promise<string> {
  try {
    const args = ["--noheadings", "--separator", ",", "--options", columns];
    return (await power.run("storage", program, args, { timeoutMs: LOOK_MS })).stdout;
  } catch (error) {
    // Without its programs nothing can be said of LVM; those are installed before anything is made of it.
    if (error instanceof CommandError && error.exitCode !== null) return "";
    throw error;
  }
}

/** New partitions and volumes get their nodes and links from udev, where it runs. */
async function settle(power: HostPower, root: string): Promise<void> {
  if ((await orUndefined(() => resolveInRoot(root, "/run/udev/control"))) === undefined) return;
  await power.run("storage", "udevadm", ["settle", "--timeout=30"], { timeoutMs: SETTLE_MS });
}

async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
