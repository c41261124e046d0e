import { OperatorError } from "@appliance/errors";

/** The failures of backup targets by code: the sentence about the target (and a detail), and what to do. */
const FAILURES = {
  BACKUP_TARGET_UNREACHABLE: [
    (target, detail) => `${target} cannot be reached${detail}`,
    "Check the address, the network and the server, then start the backup again.",
  ],
  BACKUP_LOGIN_REFUSED: [
    (target, detail) => `${target} refused the login${detail}`,
    "Check user, password and key of this target in env.yml.",
  ],
  BACKUP_HOST_KEY_UNKNOWN: [
    (target, detail) => `${target} has a host key that env.yml does not know${detail}`,
    "Compare the key with the server's own, then add the line to the known_hosts of env.yml.",
  ],
  BACKUP_HOST_KEY_CHANGED: [
    (target, detail) => `${target} shows another host key than env.yml has${detail}`,
    "Ask who runs the server why it changed. Only then replace the line in the known_hosts of env.yml.",
  ],
  BACKUP_NOT_APPEND_ONLY: [
    (target, detail) => `${target} is append_only in env.yml, and that is not so, or not proven${detail}`,
    "Take from this account at the server the right to delete and to overwrite: see docs/backup.md.",
  ],
  BACKUP_TARGET_FULL: [
    (target, detail) => `${target} has no space left${detail}`,
    "Free space there or keep fewer backups, then start the backup again.",
  ],
  BACKUP_TARGET_READ_ONLY: [
    (target, detail) => `${target} does not let this host write${detail}`,
    "Check the rights of the account and the disk of the server.",
  ],
  BACKUP_KEY_WRONG: [
    (target, detail) => `The key or password of env.yml does not open the backup on ${target}${detail}`,
    "Use the env.yml with which this backup was made.",
  ],
  BACKUP_VOLUME_CORRUPT: [
    (target, detail) => `Stored data on ${target} is damaged${detail}`,
    "Start a full backup now, and check the disk of the server.",
  ],
  BACKUP_VOLUME_MISSING: [
    (target, detail) => `Stored data is missing on ${target}${detail}`,
    "Start a full backup now, and find out who or what removes files there.",
  ],
  BACKUP_MANIFEST_DAMAGED: [
    (target, detail) => `The table of contents of a backup on ${target} is damaged${detail}`,
    "Start a full backup now, and check the disk of the server.",
  ],
  BACKUP_LATER_THAN_NOW: [
    (target, detail) =>
      `${target} holds a backup that is later than now, and removes nothing old until it is gone${detail}`,
    "Check the clock (timedatectl). If it is right, remove that backup at the target by its ID: see docs/backup.md.",
  ],
  BACKUP_STALLED: [
    (target, detail) => `The work with ${target} made no progress and was ended${detail}`,
    "Check the network and the server, then start the work again.",
  ],
  BACKUP_LOCKED: [
    (target, detail) => `Another run works with ${target}${detail}`,
    "Wait until it has ended. If that host is gone for good, break its lock there with restic.",
  ],
  BACKUP_TARGET_EMPTY: [
    (target, detail) => `${target} holds no backup, although there should be one${detail}`,
    "Check that its disk is mounted and its address is right. Only if it was emptied on purpose, run `appliance backup run --full`.",
  ],
  BACKUP_NOT_FOUND: [
    (target, detail) => `There is no such backup on ${target}, or none at all${detail}`,
    "Check the address of the target, and list what it holds with `appliance backup list`.",
  ],
  BACKUP_PATH_NOT_FOUND: [
    (target, detail) => `The backup on ${target} does not hold what was asked for${detail}`,
    "List its files with `appliance backup show`, then give a path from there.",
  ],
  BACKUP_SOURCE_MISSING: [
    (_target, detail) => `What is to be backed up is not there${detail}`,
    "Check that /data is mounted, then start the backup again.",
  ],
  BACKUP_RESTORE_INCOMPLETE: [
    (target, detail) => `The restore from ${target} is not complete${detail}`,
    "Do not use what was restored. Restore an earlier point or from another target.",
  ],
  BACKUP_RESTORE_NOT_EMPTY: [
    (_target, detail) => `The folder to restore into is not empty${detail}`,
    "Give a folder that is empty or does not exist yet.",
  ],
  BACKUP_SCRATCH_FULL: [
    (_target, detail) => `This host has no space left for the work of the backup${detail}`,
    "Free space on this host, then start the backup again.",
  ],
  BACKUP_FAILED: [
    (target, detail) => `The backup program failed on ${target}${detail}`,
    "Read the details with `appliance logs backup-agent`, mend what it complains about, then try again.",
  ],
} satisfies Record<string, [(target: string, detail: string) => string, string]>;

export type FailureCode = keyof typeof FAILURES;

/** The `OperatorError` of `code` about `target`, a name without secrets; `detail` ends the sentence after a colon. */
export function failure(code: FailureCode, target: string, detail = "", cause?: unknown): OperatorError {
  const [sentence, remedy] = FAILURES[code];
  return new OperatorError(code, sentence(target, detail === "" ? "" : `: ${detail}`), { remedy, cause });
}

/** The names of a long list that fit into a sentence. */
export function someOf(names: readonly string[], limit = 5): string {
  const more = names.length - limit;
  return names.slice(0, limit).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
