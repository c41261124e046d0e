import { envFingerprint } from "@appliance/backup-content/env-fingerprint";
import { backupTargetsOf, mountSettingOf, parseEnv, sealSecretOf, whyRefused, type Env } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { BackupAgentSlice } from "../slice.ts";

/**
 * What config-agent would tell this agent of an env.yml, as far as reading backups needs it.
 * @throws OperatorError `ENV_INVALID` with all that is wrong, `BACKUP_SECRET_MISSING`
 */
export function sliceOf(text: Uint8Array): BackupAgentSlice {
  const { env, data, problems } = parseEnv(text, { file: "env.yml" });
  if (!env) throw invalid(whyRefused(problems));
  const sealSecret = sealSecretOf(env);
  if (sealSecret === undefined) throw secretMissing();
  const { domain, backup } = env.appliance;
  return BackupAgentSlice.parse({
    timezone: "UTC",
    domain,
    targets: targetsOf(env),
    encryptKey: backup.encrypt ?? null,
    resticPassword: backup.password ?? null,
    sealSecret,
    envFingerprint: envFingerprint(sealSecret, data),
    schedule: { backup: "", verify: "", drill: "" },
  });
}

function targetsOf(env: Env) {
  return backupTargetsOf(env).map((target) => ({
    name: target.name,
    engine: target.engine,
    url: target.url,
    knownHosts: target.known_hosts ?? null,
    sshKey: target.ssh_key ?? null,
    environment: target.environment,
    appendOnly: target.append_only,
    options: target.options ?? "",
    retention: target.retention,
    mount: mountSettingOf(target) ?? null,
  }));
}

function invalid(problems: readonly string[]): OperatorError {
  return new OperatorError("ENV_INVALID", `This env.yml has errors:\n${problems.join("\n")}`, {
    remedy: "Give the env.yml as it was saved, or correct it.",
  });
}

function secretMissing(): OperatorError {
  return new OperatorError("BACKUP_SECRET_MISSING", "This env.yml has no key and no password of backups.", {
    remedy: "Give one with appliance:backup:encrypt or appliance:backup:password.",
  });
}
