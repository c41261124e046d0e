import { MAIN_TARGET, type BackupEngineName } from "./checks/backup-target.ts";
import type { Env } from "./settings.ts";

type Backup = Env["appliance"]["backup"];

/** One place where backups are kept, with what it takes over from `appliance:backup`. */
export interface BackupTargetSettings extends Omit<Backup["targets"][number], "engine" | "retention"> {
  engine: BackupEngineName;
  retention: { daily: number; weekly: number; monthly: number };
  /** Where it stands in env.yml. */
  path: (string | number)[];
}

const PATH = ["appliance", "backup"];

/** The target of `appliance:backup:url`, which is `main`, and those of `appliance:backup:targets`. */
export function backupTargetsOf({ appliance: { backup } }: Env): [BackupTargetSettings, ...BackupTargetSettings[]] {
  const others = backup.targets.map((target, index) => ({
    ...target,
    engine: target.engine ?? backup.engine,
    retention: {
      daily: target.retention.daily ?? backup.retention.daily,
      weekly: target.retention.weekly ?? backup.retention.weekly,
      monthly: target.retention.monthly ?? backup.retention.monthly,
    },
    path: [...PATH, "targets", index],
  }));
  return [{ ...backup, name: MAIN_TARGET, path: PATH }, ...others];
}

/** The mount of a target, as a job names it; `appliance:backup:mount` is that of `main`. */
export function mountSettingOf({ name, mount }: BackupTargetSettings): string | undefined {
  if (!mount) return undefined;
  return name === MAIN_TARGET ? "appliance:backup:mount" : `appliance:backup:targets:${name}:mount`;
}

/**
 * The texts of env.yml whose owner may read its backups. The first seals what is said about them, and fingerprints env.yml; a seal of any
 * is good. Undefined where env.yml has none, and nothing can be backed up.
 */
export function sealSecretsOf({ appliance: { backup } }: Env): [string, ...string[]] | undefined {
  const [first, ...others] = [backup.password, backup.encrypt].filter((secret) => secret !== undefined);
  return first === undefined ? undefined : [first, ...others];
}
