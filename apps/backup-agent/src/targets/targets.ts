import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import {
  openDuplicityEngine,
  openResticEngine,
  type BackupEngine,
  type EngineDependencies,
  type Target,
} from "@appliance/backup-engine";
import type { RunCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import type { BackupAgentSlice, TargetSettings } from "../slice.ts";
import { freeBytes, localFolderOf, requireLocalFolder, type LocalPlaces } from "./local-folder.ts";
import { placeOf } from "./place.ts";
import type { Turns, Wait } from "./turns.ts";

/** Attaches what env.yml wants mounted while a target is used. */
export interface Mounts {
  attach(setting: string, signal: AbortSignal): Promise<void>;
  detach(setting: string): Promise<void>;
}

export interface TargetsDeps {
  /** env.yml's part as it is now. @throws OperatorError `SLICE_MISSING` */
  slice: () => Promise<BackupAgentSlice>;
  run: RunCommand;
  mounts: Mounts;
  turns: Turns;
  now: () => Date;
  /** In memory and private. */
  scratchDir: string;
  volatileDir: string;
  /** Which folders of this host may be targets. Default: any. */
  local?: LocalPlaces;
}

export interface Targets {
  /** All targets of env.yml, or the one of that name. @throws OperatorError `BACKUP_TARGET_UNKNOWN`, `SLICE_MISSING` */
  chosen(name: string | null): Promise<TargetSettings[]>;
  /**
   * Gives `work` the engine of a target, alone there, with what is mounted for it; afterwards keys and mount are gone.
   * @throws OperatorError of the engine, and `BACKUP_TARGET_BUSY` where another work holds the target for long and `wait` is not patient.
   */
  use<T>(
    target: TargetSettings,
    work: (engine: BackupEngine) => Promise<T>,
    signal: AbortSignal,
    wait?: Wait,
  ): Promise<T>;
  /** What the disk of a target has free, to be asked within `use`; null where the target is elsewhere. */
  freeBytes(target: TargetSettings): Promise<number | null>;
}

/** The targets of env.yml, opened for one work at a time each. */
export function createTargets(deps: TargetsDeps): Targets {
  return {
    async chosen(name) {
      const { targets } = await deps.slice();
      const chosen = name === null ? targets : targets.filter((target) => target.name === name);
      if (name !== null && chosen.length === 0) throw unknownTarget(name, targets);
      return chosen;
    },
    use: (target, work, signal, wait) =>
      deps.turns.take(
        target.name,
        signal,
        () => withMount(target, deps.mounts, signal, () => withEngine(target, deps, work)),
        wait,
      ),
    async freeBytes({ url }) {
      const folder = localFolderOf(url, deps.local);
      return folder === undefined ? null : freeBytes(folder);
    },
  };
}

async function withEngine<T>(target: TargetSettings, deps: TargetsDeps, work: (engine: BackupEngine) => Promise<T>) {
  const folder = localFolderOf(target.url, deps.local);
  if (folder !== undefined) await requireLocalFolder(folder, deps.local);
  const engine = await openEngine(target, await deps.slice(), deps);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

function unknownTarget(name: string, targets: readonly TargetSettings[]): OperatorError {
  const names = targets.map((target) => target.name).join(", ");
  return new OperatorError("BACKUP_TARGET_UNKNOWN", `env.yml has no backup target named ${name}.`, {
    remedy: `It has: ${names}. appliance:backup:url is main; name others below appliance:backup:targets.`,
  });
}

async function withMount<T>(
  { mount }: TargetSettings,
  mounts: Mounts,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (mount === null) return work();
  await mounts.attach(mount, signal);
  try {
    return await work();
  } finally {
    await mounts.detach(mount);
  }
}

async function openEngine(settings: TargetSettings, slice: BackupAgentSlice, deps: TargetsDeps): Promise<BackupEngine> {
  const places = await makePlaces(settings, deps);
  const target = toTarget(settings);
  if (settings.engine === "duplicity") {
    if (slice.encryptKey === null) throw secretMissing(settings, "appliance:backup:encrypt:password_secret");
    return openDuplicityEngine({ target, key: slice.encryptKey, options: settings.options }, places);
  }
  if (slice.resticPassword === null) throw secretMissing(settings, "appliance:backup:password");
  const restic = { target, password: slice.resticPassword, policy: settings.retention };
  // What restic writes into its locks: compose.yml gives the container a name that stays.
  return openResticEngine(restic, { ...places, hostName: hostname() });
}

async function makePlaces(target: TargetSettings, deps: TargetsDeps): Promise<EngineDependencies> {
  const { run, now, scratchDir, volatileDir } = deps;
  const places = {
    scratch: join(scratchDir, target.name),
    temporary: join(volatileDir, "temporary", target.name),
    archive: join(volatileDir, "targets", target.name, placeOf(target)),
  };
  for (const folder of Object.values(places)) await mkdir(folder, { recursive: true, mode: 0o700 });
  return { run, now, ...places };
}

function toTarget({ url, password, knownHosts, sshKey, environment, appendOnly }: TargetSettings): Target {
  return {
    url,
    environment,
    appendOnly,
    ...(password === null ? {} : { password }),
    ...(knownHosts === null ? {} : { knownHosts }),
    ...(sshKey === null ? {} : { sshKey }),
  };
}

function secretMissing({ name, engine }: TargetSettings, setting: string): OperatorError {
  return new OperatorError("BACKUP_SECRET_MISSING", `The target ${name} uses ${engine}, and ${setting} is not set.`, {
    remedy: `Set ${setting} in env.yml; \`appliance env create\` makes a file that has one.`,
  });
}
