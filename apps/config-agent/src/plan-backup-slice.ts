import { envFingerprint } from "@appliance/backup-content/env-fingerprint";
import { backupAccessOf, type BackupAccess, type Env } from "@appliance/env";
import { parseYaml } from "@appliance/yaml11";
import type { Wanted } from "./capability.ts";

/** What backup-agent is told of env.yml. Its shape is repeated, as a check, where backup-agent reads it. */
export interface BackupAgentSlice extends BackupAccess {
  timezone: string;
  domain: string;
  /** What a restored database gets. */
  databaseLocale: string;
  standby: boolean;
  envFingerprint: string;
  /** OnCalendar expressions. */
  schedule: { backup: string; verify: string; drill: string };
  /** To open documents in a drill. */
  vaultKeys: { encrypt: string; sign: string } | null;
}

/** Null where env.yml has no secret that backups could be encrypted with: then there are none. Pure. */
export function planBackupAgentSlice({ env, text, source, timeZone }: Wanted): BackupAgentSlice | null {
  const access = backupAccessOf(env);
  if (!access) return null;
  const { domain, standby, backup, database } = env.appliance;
  return {
    timezone: timeZone,
    domain,
    databaseLocale: database.locale,
    standby,
    ...access,
    envFingerprint: envFingerprint(access.sealSecrets, parseYaml(text, { file: source }).data),
    schedule: {
      backup: backup.oncalendar,
      verify: backup.verify_oncalendar,
      drill: backup.drill_oncalendar,
    },
    vaultKeys: vaultKeysOf(env),
  };
}

function vaultKeysOf({ ecs: { vault_encrypt, vault_sign } }: Env): BackupAgentSlice["vaultKeys"] {
  return vault_encrypt && vault_sign ? { encrypt: vault_encrypt, sign: vault_sign } : null;
}
