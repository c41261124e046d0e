import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError, toFailure } from "@appliance/errors";
import { resolveInRoot, withFolderInRoot } from "@appliance/files";
import { replaceInRoot } from "./files.ts";
import type { HostMounts, HostStorage, KeptMount } from "./host.ts";
import type { HostPower } from "./power.ts";
import { isMissing, readInRoot } from "./read-in-root.ts";
import { assertDevice } from "./refuse.ts";
import { renderMountUnit, renderSwapUnit, UNIT_HEAD, unitOf } from "./storage-units.ts";

export interface KeptMountDeps {
  power: HostPower;
  root: string;
  mounts: HostMounts;
  /** Whether process 1 is systemd, whose units make mounts again at each boot. */
  systemd: boolean;
}

const UNITS = "/etc/systemd/system";
const UNIT_FILE = { mode: 0o644, uid: 0, gid: 0 };
/** A device that is there is mounted in seconds; one whose journal is replayed takes longer. */
const MOUNT_MS = 300_000;

interface Unit {
  name: string;
  text: string;
  wantedBy: string;
}

/** Mounts and swap that are there now and at each boot: units of systemd, or the storage step of each start elsewhere. */
export function createKeptMounts(
  deps: KeptMountDeps,
): Pick<HostStorage, "isKept" | "keep" | "wasKept" | "drop" | "keepSwap"> {
  const { power, systemd, mounts } = deps;
  return {
    async isKept(mount) {
      if (await isInFstab(deps.root, mount.target)) return true;
      return !systemd || isUnitInPlace(deps, mountUnit(mount));
    },
    async keep(mount) {
      assertDevice(mount.device);
      const byOperator = await isInFstab(deps.root, mount.target);
      if (systemd && !byOperator) await putUnit(deps, mountUnit(mount));
      if ((await mounts.list()).some(({ target }) => target === mount.target)) return;
      await orMountFailed(mount, async () => {
        if (byOperator) await power.run("storage", "mount", ["--", mount.target], { timeoutMs: MOUNT_MS });
        else if (systemd) await startUnit(deps, unitOf(mount.target, "mount"));
        else await mounts.mount(asWanted(mount));
      });
    },
    async wasKept(target) {
      const text = await readInRoot(deps.root, `${UNITS}/${unitOf(target, "mount")}`);
      return text?.startsWith(UNIT_HEAD) ?? false;
    },
    async drop(target) {
      const name = unitOf(target, "mount");
      await orBusy(target, () => systemctl(deps, "disable", "--now", "--", name));
      await withFolderInRoot(deps.root, UNITS, { symlinks: [] }, (folder) => rm(join(folder, name), { force: true }));
      await systemctl(deps, "daemon-reload");
    },
    async keepSwap(device) {
      assertDevice(device);
      if (systemd) await swapByUnit(deps, device);
      else await power.run("storage", "swapon", ["--", device], { timeoutMs: MOUNT_MS });
    },
  };
}

async function swapByUnit(deps: KeptMountDeps, device: string): Promise<void> {
  const unit = { name: unitOf(device, "swap"), text: renderSwapUnit(device), wantedBy: "swap.target" };
  await putUnit(deps, unit);
  await startUnit(deps, unit.name);
}

const mountUnit = (mount: KeptMount): Unit => ({
  name: unitOf(mount.target, "mount"),
  text: renderMountUnit(mount),
  wantedBy: "local-fs.target",
});

const asWanted = ({ device, target, type = "auto", options = [] }: KeptMount) => ({
  type,
  source: device,
  target,
  options: options.join(","),
});

/** What the operator mounts by himself stays his. fstab(5): the second field, blanks in octal. */
async function isInFstab(root: string, target: string): Promise<boolean> {
  const lines = ((await readInRoot(root, "/etc/fstab")) ?? "").split("\n");
  return lines.some((line) => !line.trimStart().startsWith("#") && line.trim().split(/\s+/)[1] === target);
}

async function isUnitInPlace({ root }: KeptMountDeps, { name, text, wantedBy }: Unit): Promise<boolean> {
  if ((await readInRoot(root, `${UNITS}/${name}`)) !== text) return false;
  try {
    return (await lstat(`${await resolveInRoot(root, `${UNITS}/${wantedBy}.wants`)}/${name}`)).isSymbolicLink();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function putUnit(deps: KeptMountDeps, unit: Unit): Promise<void> {
  if (await isUnitInPlace(deps, unit)) return;
  await replaceInRoot(deps.root, `${UNITS}/${unit.name}`, unit.text, UNIT_FILE);
  await systemctl(deps, "daemon-reload");
  await systemctl(deps, "enable", "--", unit.name);
}

/** Once it failed too often, a unit is not even tried. */
async function startUnit(deps: KeptMountDeps, name: string): Promise<void> {
  await systemctl(deps, "reset-failed", "--", name).catch(() => undefined);
  await systemctl(deps, "start", "--", name);
}

async function systemctl({ power }: KeptMountDeps, ...args: string[]): Promise<void> {
  await power.run("storage", "systemctl", args, { timeoutMs: MOUNT_MS });
}

/** Its unit stays until it is unmounted, so that the next apply tries again. */
async function orBusy(target: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new OperatorError("STORAGE_BUSY", `${target} cannot be unmounted: ${toFailure(cause).message}`, {
      remedy: `See what uses it with \`fuser -vm ${target}\`, end that, then run \`appliance apply\`.`,
      cause,
    });
  }
}

async function orMountFailed({ device, target }: KeptMount, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new OperatorError(
      "STORAGE_MOUNT_FAILED",
      `${device} cannot be mounted on ${target}: ${toFailure(cause).message}`,
      {
        remedy: `Read \`journalctl -u ${unitOf(target, "mount")}\` and \`dmesg\`; mend the file system (fsck) while it is not mounted, then run \`appliance start\`.`,
        cause,
      },
    );
  }
}
