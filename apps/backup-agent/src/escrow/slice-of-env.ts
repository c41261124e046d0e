import { envFingerprint } from "@appliance/backup-content/env-fingerprint";
import { backupAccessOf, parseEnv, whyRefused } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { BackupAgentSlice } from "../slice.ts";

/**
 * What config-agent would tell this agent of an env.yml, as far as reading backups needs it.
 * @throws OperatorError `ENV_INVALID` with all that is wrong, `BACKUP_SECRET_MISSING`
 */
export function sliceOf(text: Uint8Array): BackupAgentSlice {
  const { env, data, problems } = parseEnv(text, { file: "env.yml" });
  if (!env) throw invalid(whyRefused(problems));
  const access = backupAccessOf(env);
  if (!access) throw secretMissing();
  return BackupAgentSlice.parse({
    timezone: "UTC",
    domain: env.appliance.domain,
    ...access,
    envFingerprint: envFingerprint(access.sealSecrets, data),
    schedule: { backup: "", verify: "", drill: "" },
  });
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
