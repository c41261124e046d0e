import { OperatorError } from "@appliance/errors";
import type { Host, KeptMount } from "@appliance/host";
import type { Container } from "@appliance/jobs";
import { step, type Capability, type PlannedStep, type RunContext, type Wanted } from "../capability.ts";
import { DATA_STAGE, type Containers } from "../containers.ts";
import { VOLUMES, type FoundVolume, type Volume } from "../storage/plan-volumes.ts";
import type { RootFiles } from "../root-files.ts";
import { wantedVolumes, type StorageLook } from "../storage/look.ts";

interface Deps {
  host: Host;
  files: RootFiles;
  containers: Containers;
  look: StorageLook;
}

interface VolumeStep extends PlannedStep {
  /** To mount, or the folder where a volume is no longer asked for. */
  volume: FoundVolume | { drop: string };
}

/** Written by bootstrap where the engine's data lies on /volatile, which then stays mounted whatever env.yml says. */
const ENGINE_UNIT = "/etc/systemd/system/var-lib-docker.mount";

/** The labelled volumes of the manual, 2.3: found, mounted now and at each boot. */
export function volumesCapability(deps: Deps): Capability<VolumeStep> {
  return {
    name: "volumes",
    title: "Finding the volumes for the data",
    async plan(wanted) {
      if (deps.host.whyUnavailable("storage") !== undefined) return mountedByHand(wanted, deps.files);
      const steps: VolumeStep[] = [];
      for (const volume of wantedVolumes(wanted)) steps.push(...(await planVolume(volume, wanted, deps)));
      return [...(await planDrops(wanted, deps)), ...steps];
    },
    apply: ({ volume }, wanted, run) =>
      "drop" in volume ? drop(volume.drop, wanted, run, deps) : mount(volume, wanted, run, deps),
  };
}

/** Without power over disks it can only be looked whether somebody mounted something. */
async function mountedByHand(wanted: Wanted, files: RootFiles): Promise<VolumeStep[]> {
  for (const { key, label, target } of wantedVolumes(wanted)) {
    if (await files.isMountPoint(target)) continue;
    throw new OperatorError(
      "STORAGE_ABSENT",
      `env.yml asks for a volume of its own labelled ${label}, and nothing is mounted on ${target}.`,
      {
        remedy: `Mount it on ${target}, or set appliance:storage:ignore:${key} to true to keep it on the root file system; then run \`appliance apply\`.`,
      },
    );
  }
  return [];
}

async function planVolume(volume: Volume, wanted: Wanted, deps: Deps): Promise<VolumeStep[]> {
  const found = await deps.look.volume(volume, wanted);
  if (found.mounted && (await deps.host.storage.isKept(await keptMount(found, deps)))) return [];
  const what = `${found.device.path}, labelled ${found.label}`;
  if (found.mounted)
    return [step({ capability: "volumes", summary: `Mount ${what}, on ${found.target} at each boot`, volume: found })];
  const summary = `Mount ${what}, on ${found.target}, now and at each boot`;
  return [step({ capability: "volumes", summary, volume: found, ...(await interruption(wanted, deps)) })];
}

async function interruption(wanted: Wanted, { containers }: Deps): Promise<Pick<PlannedStep, "restarts" | "downtime">> {
  const restarts = runningBelow(await containers.observeFor(wanted));
  return { restarts, downtime: restarts.length === 0 ? null : "some seconds, while volumes change" };
}

/** A volume that was mounted for an earlier env.yml would come back with the next boot, and /data be another one then. */
async function planDrops(wanted: Wanted, deps: Deps): Promise<VolumeStep[]> {
  const steps: VolumeStep[] = [];
  for (const { key, target } of VOLUMES) {
    if (!wanted.env.appliance.storage.ignore[key] || !(await deps.host.storage.wasKept(target))) continue;
    if (key === "volatile" && (await deps.files.exists(ENGINE_UNIT))) continue;
    const summary = `Mount nothing on ${target} any more: from now on it is a folder of the root file system`;
    steps.push(
      step({ capability: "volumes", summary, volume: { drop: target }, ...(await interruption(wanted, deps)) }),
    );
  }
  return steps;
}

/**
 * A container that bound a folder before something was mounted above it keeps the old folder for ever. So whatever may have
 * bound one ends first; the parts that follow start it again, and the engine then looks its folders up anew.
 */
async function stopBelow(wanted: Wanted, run: RunContext, { containers }: Deps): Promise<void> {
  if (runningBelow(await containers.observeFor(wanted)).length === 0) return;
  run.note("stopping what uses the folders below");
  await containers.stop("application", [], run);
  await containers.stop("core", DATA_STAGE, run);
}

async function drop(target: string, wanted: Wanted, run: RunContext, deps: Deps): Promise<void> {
  await stopBelow(wanted, run, deps);
  await deps.host.storage.drop(target);
  deps.look.forget();
}

async function mount(volume: FoundVolume, wanted: Wanted, run: RunContext, deps: Deps): Promise<void> {
  const { host, look } = deps;
  if (!volume.mounted) await stopBelow(wanted, run, deps);
  run.note(`mounting ${volume.device.path}`);
  await host.storage.keep(await keptMount(volume, deps));
  look.forget();
}

/** By its label where the host has links of labels, so that the disk may be another device at the next boot. */
async function keptMount({ label, target, device }: FoundVolume, { host, files }: Deps): Promise<KeptMount> {
  const link = `/dev/disk/by-label/${label}`;
  return { target, device: host.kind === "systemd" || (await files.exists(link)) ? link : device.path };
}

function runningBelow(all: readonly Container[]): string[] {
  const bound = all.filter(({ project, service }) => project === "application" || DATA_STAGE.includes(service));
  return bound.filter(({ state }) => state === "running").map(({ service }) => service);
}
