import { envFingerprint } from "@appliance/backup-content/env-fingerprint";
import { backupTargetsOf, mountSettingOf, sealSecretOf, type BackupTargetSettings, type Env } from "@appliance/env";
import { parseYaml } from "@appliance/yaml11";
import type { Wanted } from "./capability.ts";

/** One place where backups are kept. `mount` is the setting of env.yml that says what is mounted while it is used. */
export interface BackupTarget {
  name: string;
  engine: "duplicity" | "restic";
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

/** What backup-agent is told of env.yml. Its shape is repeated, as a check, where backup-agent reads it. */
export interface BackupAgentSlice {
  timezone: string;
  domain: string;
  /** What a restored database gets. */
  databaseLocale: string;
  standby: boolean;
  /** The first is `main`. */
  targets: readonly BackupTarget[];
  /** OpenPGP secret key, for duplicity. */
  encryptKey: string | null;
  resticPassword: string | null;
  /** What manifests and reports are sealed with. */
  sealSecret: string;
  envFingerprint: string;
  /** OnCalendar expressions. */
  schedule: { backup: string; verify: string; drill: string };
  /** To open documents in a drill. */
  vaultKeys: { encrypt: string; sign: string } | null;
}

/** Null where env.yml has no secret that backups could be encrypted with: then there are none. Pure. */
export function planBackupAgentSlice({ env, text, source, timeZone }: Wanted): BackupAgentSlice | null {
  const sealSecret = sealSecretOf(env);
  if (sealSecret === undefined) return null;
  const { domain, standby, backup, database } = env.appliance;
  return {
    timezone: timeZone,
    domain,
    databaseLocale: database.locale,
    standby,
    targets: backupTargetsOf(env).map(toTarget),
    encryptKey: backup.encrypt ?? null,
    resticPassword: backup.password ?? null,
    sealSecret,
    envFingerprint: envFingerprint(sealSecret, parseYaml(text, { file: source }).data),
    schedule: {
      backup: backup.oncalendar,
      verify: backup.verify_oncalendar,
      drill: backup.drill_oncalendar,
    },
    vaultKeys: vaultKeysOf(env),
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

function vaultKeysOf({ ecs: { vault_encrypt, vault_sign } }: Env): BackupAgentSlice["vaultKeys"] {
  return vault_encrypt && vault_sign ? { encrypt: vault_encrypt, sign: vault_sign } : null;
}
