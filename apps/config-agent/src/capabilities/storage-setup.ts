import { OperatorError } from "@appliance/errors";
import type { Host, KeptMount } from "@appliance/host";
import {
  devicesNamed,
  packagesFor,
  parseStorageSetup,
  planStorageSetup,
  type Observed,
  type Refusal,
  type SetupPlan,
  type StorageSetup,
} from "@appliance/storage-setup";
import { step, type Capability, type PlannedStep, type RunContext, type Wanted } from "../capability.ts";
import { runPackageWork } from "../package-work.ts";
import { refuseUnknownForce, setupRefused } from "../storage/setup-refusals.ts";
import type { RootFiles } from "../root-files.ts";
import { wantedVolumes, type StorageLook } from "../storage/look.ts";

interface Deps {
  host: Host;
  files: RootFiles;
  look: StorageLook;
}

type Doing =
  | { kind: "install"; packages: string[] }
  | { kind: "work"; id: string }
  | { kind: "mount"; mount: KeptMount }
  | { kind: "swap"; device: string };

interface SetupStepOf extends PlannedStep {
  doing: Doing;
}

const planned = (summary: string, doing: Doing): SetupStepOf => step({ capability: "storage-setup", summary, doing });

/** `appliance:storage:setup`: disks made ready, without ever writing to one that carries something and was not named by force. */
export function storageSetupCapability(deps: Deps): Capability<SetupStepOf> {
  return {
    name: "storage-setup",
    title: "Setting up the disks",
    async plan(wanted) {
      const setup = readSetup(wanted);
      if (!setup) return [];
      const unavailable = deps.host.whyUnavailable("storage");
      if (unavailable !== undefined)
        return [
          { ...planned("Set up the disks of appliance:storage:setup", { kind: "install", packages: [] }), unavailable },
        ];
      const { plan, observed } = await look(setup, wanted, deps);
      const taken = await takenTargets(plan, deps.host);
      await refuseIfNeeded({ refusals: [...plan.refusals, ...taken.values()] }, wanted, deps.look);
      const mounts = plan.mounts.filter(({ mount }) => !taken.has(mount.target));
      return toSteps({ ...plan, mounts }, observed, deps);
    },
    apply: ({ doing }, wanted, run) => carryOut(doing, wanted, run, deps),
  };
}

function readSetup({ env, forceStorage = [] }: Wanted): StorageSetup | undefined {
  const text = env.appliance.storage.setup;
  const setup = text === undefined ? undefined : parseStorageSetup(text).setup;
  refuseUnknownForce(forceStorage, setup ? devicesNamed(setup) : []);
  return setup;
}

async function look(setup: StorageSetup, wanted: Wanted, { look }: Deps) {
  const observed = await look.observe(wanted, devicesNamed(setup));
  return { plan: planStorageSetup(setup, observed, wanted.forceStorage), observed };
}

/**
 * Volumes that are found need no setup (manual, 3.2), whatever else has become of the disks that it names: a host that serves is
 * not stopped for it.
 */
async function refuseIfNeeded(
  { refusals }: Pick<SetupPlan, "refusals">,
  wanted: Wanted,
  look: StorageLook,
): Promise<void> {
  if (refusals.length > 0 && !(await everyVolumeIsThere(wanted, look))) throw setupRefused(refusals);
}

async function everyVolumeIsThere(wanted: Wanted, look: StorageLook): Promise<boolean> {
  const volumes = wantedVolumes(wanted);
  try {
    for (const volume of volumes) await look.volume(volume, wanted);
    return volumes.length > 0;
  } catch (err) {
    if (err instanceof OperatorError && err.code === "STORAGE_ABSENT") return false;
    throw err;
  }
}

/** What is mounted on a folder already is not hidden below something else. */
async function takenTargets({ mounts }: SetupPlan, host: Host): Promise<Map<string, Refusal>> {
  const there = await host.mounts.list();
  const taken = mounts.flatMap(({ mount: { target, device }, mounted }) => {
    const other = mounted ? undefined : there.findLast((each) => each.target === target);
    const message = `${other?.source} is mounted on ${target} instead of ${device}`;
    return other ? [[target, { code: "STORAGE_DEVICE_IN_USE", device, message }] as const] : [];
  });
  return new Map(taken);
}

async function toSteps({ steps, mounts, swaps }: SetupPlan, observed: Observed, deps: Deps): Promise<SetupStepOf[]> {
  const packages = await missingPackages(packagesFor(steps.map(({ work }) => work)), deps.host);
  const install = planned(`Install ${packages.join(", ")} for the storage setup`, { kind: "install", packages });
  const kept: SetupStepOf[] = [];
  for (const { mount, path, mounted } of mounts) {
    const { target, type, options } = mount;
    const keep: KeptMount = { device: await stableName(path, observed, deps.files), target, type, options };
    if (mounted && (await deps.host.storage.isKept(keep))) continue;
    kept.push(
      planned(`Mount ${path} on ${target}, at each boot too`, { kind: "mount", mount: { ...keep, device: path } }),
    );
  }
  return [
    ...(packages.length === 0 ? [] : [install]),
    ...steps.map(({ id, summary }) => planned(summary, { kind: "work", id })),
    ...kept,
    ...swaps.map((device) => planned(`Swap to ${device}, at each boot too`, { kind: "swap", device })),
  ];
}

async function missingPackages(names: readonly string[], host: Host): Promise<string[]> {
  if (names.length === 0) return [];
  const installed = await host.packages.observe(names);
  return names.filter((name) => installed.get(name) === undefined);
}

async function carryOut(doing: Doing, wanted: Wanted, run: RunContext, deps: Deps): Promise<void> {
  const { host, files, look } = deps;
  try {
    if (doing.kind === "install")
      await runPackageWork(host.packages, { action: "install", names: doing.packages }, run.signal);
    else if (doing.kind === "work") await workOnce(doing.id, wanted, run, deps);
    else {
      const observed = await look.observe(wanted, []);
      if (doing.kind === "swap") await host.storage.keepSwap(await stableName(doing.device, observed, files));
      else await host.storage.keep({ ...doing.mount, device: await stableName(doing.mount.device, observed, files) });
    }
  } finally {
    look.forget();
  }
}

/** Planned anew first: what was true when the steps were shown may not be, since a step before showed what a device carries. */
async function workOnce(id: string, wanted: Wanted, run: RunContext, deps: Deps): Promise<void> {
  const setup = readSetup(wanted);
  if (!setup) return;
  const { plan } = await look(setup, wanted, deps);
  await refuseIfNeeded(plan, wanted, deps.look);
  const now = plan.steps.find((each) => each.id === id);
  if (!now) return;
  run.note(now.summary);
  await deps.host.storage.carryOut(now.work);
}

/** Disks may change their names from boot to boot, the file system on them keeps its number. */
async function stableName(path: string, { devices }: Observed, files: RootFiles): Promise<string> {
  const uuid = devices.find((device) => device.path === path)?.signatures?.find((found) => found.uuid)?.uuid;
  const link = `/dev/disk/by-uuid/${uuid}`;
  return uuid !== undefined && !path.startsWith("/dev/mapper/") && (await files.exists(link)) ? link : path;
}
