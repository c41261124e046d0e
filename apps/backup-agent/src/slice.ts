import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { urlCredentials } from "@appliance/env/url-credentials";
import { TargetName } from "@appliance/jobs";
import * as z from "zod";
import { SealSecrets } from "./seal-secrets.ts";

const orNull = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);

/** How many backups restic keeps of each kind; duplicity keeps what is younger than four months. */
const Retention = z.object({
  daily: z.int().min(1),
  weekly: z.int().min(0),
  monthly: z.int().min(0),
});

/** One place where backups are kept. */
export const TargetSettings = z.object({
  name: TargetName,
  engine: z.enum(["duplicity", "restic"]),
  url: z.string().min(1),
  /** In place of a password in the URL. */
  password: orNull(z.string()),
  /** Lines of known_hosts. */
  knownHosts: orNull(z.string()),
  /** A private key of ssh. */
  sshKey: orNull(z.string()),
  /** Credentials for the environment of the program. */
  environment: z.record(z.string(), z.string()).default({}),
  /** The account there cannot delete. */
  appendOnly: z.boolean().default(false),
  /** Options of duplicity. */
  options: z.string().default(""),
  retention: Retention.default({ daily: 14, weekly: 8, monthly: 12 }),
  /** The setting of env.yml that says what is mounted while it is used, such as `appliance:backup:mount`; null where nothing is. */
  mount: orNull(z.string()),
});
export type TargetSettings = z.infer<typeof TargetSettings>;

/** A key pair of OpenPGP as env.yml has it: the text of its secret key. */
const OpenPgpKey = z.string().min(1);

/** This agent's part of env.yml, written by config-agent. */
export const BackupAgentSlice = z.object({
  timezone: z.string(),
  domain: z.string().min(1),
  /** `appliance:database:locale`: what a restored database gets. */
  databaseLocale: z.string().min(1).default("de_DE.UTF-8"),
  /** On a host in standby nothing is backed up. */
  standby: z.boolean().default(false),
  /** The first is `main`. */
  targets: z.array(TargetSettings).min(1),
  /** `appliance:backup:encrypt`, for duplicity. Null where env.yml has none. */
  encryptKey: orNull(OpenPgpKey),
  /** `appliance:backup:password`, for restic. Null where env.yml has none. */
  resticPassword: orNull(z.string().min(1)),
  sealSecrets: SealSecrets,
  /** `fingerprintEnv` of the whole env.yml, in hexadecimal. */
  envFingerprint: z.string().regex(/^[0-9a-f]{64}$/),
  /** OnCalendar expressions. */
  schedule: z.object({ backup: z.string(), verify: z.string(), drill: z.string() }),
  /** Of the vault, to open documents in a drill: secret key of `ecs:vault_encrypt` and of `ecs:vault_sign`. Null where env.yml lacks one. */
  vaultKeys: orNull(z.object({ encrypt: OpenPgpKey, sign: OpenPgpKey })),
});
export type BackupAgentSlice = z.infer<typeof BackupAgentSlice>;

/** What may be seen in no text. */
export function secretsIn(slice: BackupAgentSlice | undefined): string[] {
  if (!slice) return [];
  const { encryptKey, resticPassword, sealSecrets, vaultKeys, targets } = slice;
  const ofTargets = targets.flatMap(({ password, sshKey, environment, url }) => [
    password,
    sshKey,
    ...urlCredentials(url),
    ...Object.values(environment),
  ]);
  const all = [encryptKey, resticPassword, ...sealSecrets, vaultKeys?.encrypt, vaultKeys?.sign, ...ofTargets];
  return all.filter((value): value is string => typeof value === "string" && value !== "");
}

/**
 * The slice as it lies there now: a job that is asked for after a change of env.yml comes before the change is noticed.
 * @throws OperatorError `SLICE_MISSING` when there is none that can be used; why, says whoever follows it (`watchSlice`).
 */
export async function readSlice(dir: string): Promise<BackupAgentSlice> {
  try {
    return BackupAgentSlice.parse(JSON.parse(await readFile(join(dir, "env.json"), "utf8")));
  } catch {
    // What is wrong with it may quote a secret.
    throw sliceMissing();
  }
}

export function sliceMissing(): OperatorError {
  return new OperatorError("SLICE_MISSING", "backup-agent has not been told yet what env.yml says of backups.", {
    remedy: "Run `appliance apply`, then start the work again.",
  });
}
