import { backupTargetsOf, mountSettingOf, sealSecretsOf, type BackupTargetSettings } from "./backup-targets.ts";
import type { BackupEngineName } from "./checks/backup-target.ts";
import type { Env } from "./settings.ts";

/** One place where backups are kept. `mount` is the setting of env.yml that says what is mounted while it is used. */
export interface BackupTarget {
  name: string;
  engine: BackupEngineName;
  url: string;
  password: string | null;
  knownHosts: string | null;
  sshKey: string | null;
  environment: Readonly<Record<string, string>>;
  appendOnly: boolean;
  options: string;
  retention: { daily: number; weekly: number; monthly: number };
  mount: string | null;
}

/** All that opens the backups of an env.yml: what backup-agent is told, and what a copy of env.yml is proven with. */
export interface BackupAccess {
  /** The first is `main`. */
  targets: readonly BackupTarget[];
  /** OpenPGP secret key, for duplicity. */
  encryptKey: string | null;
  resticPassword: string | null;
  /** What manifests and reports are sealed with; see `sealSecretsOf`. */
  sealSecrets: readonly [string, ...string[]];
}

/** Undefined where env.yml has no secret that backups could be encrypted with: then there are none. */
export function backupAccessOf(env: Env): BackupAccess | undefined {
  const sealSecrets = sealSecretsOf(env);
  if (sealSecrets === undefined) return undefined;
  const { encrypt, password } = env.appliance.backup;
  return {
    targets: backupTargetsOf(env).map(toTarget),
    encryptKey: encrypt ?? null,
    resticPassword: password ?? null,
    sealSecrets,
  };
}

function toTarget(target: BackupTargetSettings): BackupTarget {
  const { name, engine, url, options, known_hosts, ssh_key, environment, append_only, retention } = target;
  return {
    name,
    engine,
    url,
    // env.yml has it in the URL.
    password: null,
    knownHosts: known_hosts ?? null,
    sshKey: ssh_key ?? null,
    environment,
    appendOnly: append_only,
    options: options ?? "",
    retention,
    mount: mountSettingOf(target) ?? null,
  };
}
