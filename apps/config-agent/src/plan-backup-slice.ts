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

/** Null where env.yml has no secret that backups could be encrypted with: then there are none. */
export function planBackupAgentSlice(_wanted: Wanted): BackupAgentSlice | null {
  return null;
}
