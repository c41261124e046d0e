import { OperatorError } from "@appliance/errors";

/** The failures of a backup's content by code: the sentence, given a detail, and what to do. */
const FAILURES = {
  BACKUP_NO_DATABASE: [
    (detail) => `There is no database to back up${detail}`,
    "Create it with `appliance database create`, or get it back with `appliance recover`. Nothing was backed up.",
  ],
  DATABASE_UNREACHABLE: [
    (detail) => `PostgreSQL does not answer${detail}`,
    "Read why with `appliance logs database`, then start the backup again.",
  ],
  BACKUP_DUMP_FAILED: [
    (detail) => `The database could not be dumped${detail}`,
    "Mend what pg_dump complains about, then start the backup again. The dump of the last backup is still there.",
  ],
  BACKUP_LARGE_OBJECTS: [
    (detail) => `The database holds large objects that the role backup may not read${detail}`,
    "Let it read them as docs/backup.md says, then start the backup again. The dump of the last backup is still there.",
  ],
  BACKUP_DISK_FULL: [
    (detail) => `There is no space left for the backup's own files${detail}`,
    "Free space there (df -h, df -i), then start the backup again. What stood there before is unchanged.",
  ],
  BACKUP_FILES_UNREADABLE: [
    (detail) => `The list of the files could not be made${detail}`,
    "Check that /data is mounted and healthy (dmesg), then start the backup again.",
  ],
  BACKUP_VAULT_EMPTY: [
    (detail) => `The storage vault is empty${detail}`,
    "Check that /data is mounted and that the vault is there. Nothing was backed up and nothing old was removed.",
  ],
  BACKUP_LOST_MUCH: [
    (detail) => `Most of the data is gone since the last backup without a loss${detail}`,
    "Find out whether that was meant. If it was, run `appliance backup run --accept-loss`: nothing older is removed before.",
  ],
  MANIFEST_MISSING: [
    (detail) => `There is no manifest${detail}`,
    "Restore an older point, or check this one without a manifest.",
  ],
  MANIFEST_DAMAGED: [(detail) => `The manifest cannot be read${detail}`, "Restore an older point."],
  MANIFEST_NEWER: [
    (detail) => `The manifest was written by a newer appliance${detail}`,
    "Use a version of the appliance at least as new as that, then try again.",
  ],
  MANIFEST_SEAL_WRONG: [
    (detail) => `The manifest does not carry the seal of this env.yml${detail}`,
    "Use the env.yml with which this backup was made. If it is the right one, somebody has changed the manifest.",
  ],
  PROOF_DUMP_DAMAGED: [
    (detail) => `The database dump is damaged${detail}`,
    "Restore an earlier point or from another target, and start a full backup now.",
  ],
  PROOF_DUMP_REFUSED: [
    (detail) => `The database dump could not be loaded${detail}`,
    "Read what PostgreSQL refused. A dump that starts programs or needs a superuser is not one of the appliance's.",
  ],
  PROOF_ROWS_DIFFER: [
    (detail) => `The loaded database differs from what was backed up${detail}`,
    "Do not use this point. Prove an earlier one, and start a full backup now.",
  ],
  PROOF_FILES_DIFFER: [
    (detail) => `Restored files differ from what was backed up${detail}`,
    "Do not use this point. Prove an earlier one, and start a full backup now.",
  ],
  PROOF_VAULT_UNREADABLE: [
    (detail) => `Documents of the vault cannot be decrypted or are not signed by it${detail}`,
    "Check ecs:vault_encrypt and ecs:vault_sign: they must be the keys that the application uses.",
  ],
  PROOF_VAULT_KEY_UNUSABLE: [
    (detail) => `A vault key of env.yml cannot be used${detail}`,
    "Put the whole armored OpenPGP secret key, without passphrase, into env.yml.",
  ],
  PROOF_DATABASE_FAILED: [
    (detail) => `The scratch database could not be started${detail}`,
    "Mend what PostgreSQL complains about, then try again.",
  ],
  PROOF_LOCALE_MISSING: [
    (detail) => `The locale of the database is not installed here${detail}`,
    "Install it with locale-gen, or use the image of the appliance, then try again.",
  ],
} satisfies Record<string, [(detail: string) => string, string]>;

export type FailureCode = keyof typeof FAILURES;

/** The `OperatorError` of `code`; `detail` ends the sentence after a colon. */
export function failure(code: FailureCode, detail = "", cause?: unknown): OperatorError {
  const [sentence, remedy] = FAILURES[code];
  return new OperatorError(code, sentence(detail === "" ? "" : `: ${detail}`), { remedy, cause });
}
