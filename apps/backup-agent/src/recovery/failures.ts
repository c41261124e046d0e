import { OperatorError } from "@appliance/errors";

/** The failures of a recovery by code: the sentence, given a detail, and what to do. */
const FAILURES = {
  RECOVERY_PLACE_IN_USE: [
    (detail) => `A recovery never overwrites documents or dumps, and ${detail}`,
    "Recover onto a bare host. If what is there is not wanted any more, move it to another disk first.",
  ],
  RECOVERY_DATABASE_IN_USE: [
    (detail) => `A recovery never overwrites a database, and ${detail}`,
    "Recover onto a bare host. If the database is not wanted any more, save it elsewhere and drop it first.",
  ],
  RECOVERY_OTHER_FILE_SYSTEM: [
    (detail) => `What is restored cannot be moved into its place: ${detail}`,
    "Recover before that file system is mounted there, or mount it as the whole of /data.",
  ],
  RECOVERY_ROLE_UNFIT: [
    (detail) => `The restored database cannot be given to the application: ${detail}`,
    "Run `appliance recover --yes-i-am-sure`, which prepares PostgreSQL before it restores.",
  ],
  RECOVERY_LOCALE_MISSING: [
    (detail) => `PostgreSQL does not have the locale ${detail}`,
    "Correct appliance:database:locale in env.yml: docs/env.md lists what there is.",
  ],
  RECOVERY_SERVER_OLDER: [
    (detail) => `The database was saved by a newer PostgreSQL than this host has: ${detail}`,
    "Install a version of the appliance at least as new as the one that made the backup.",
  ],
  RECOVERY_SPACE_SHORT: [
    (detail) => `There is not enough space for the recovery: ${detail}`,
    "Give /data a larger disk, then start the recovery again.",
  ],
  RECOVERY_NO_BACKUP: [
    (detail) => `No target of env.yml has a backup that can be restored. ${detail}`,
    "Mend what is wrong with one of them, then run `appliance recover --yes-i-am-sure` again.",
  ],
  RECOVERY_NO_POINT: [
    (detail) => `There is no backup to restore: ${detail}`,
    "See with `appliance backup list` what each target holds. Give a later time, another target, or the right address in env.yml.",
  ],
  RECOVERY_CONTENT_MISSING: [
    (detail) => `The backup is not one of an appliance: it has no ${detail}`,
    "Check the address of the target, or restore an earlier point with --at.",
  ],
  RECOVERY_REPLACE_REFUSED: [
    (detail) => `What is on this host is not replaced: ${detail}`,
    "Only a host in standby replaces its copy: set appliance:standby in env.yml, or recover onto a bare host.",
  ],
  RECOVERY_UNDER_WAY: [
    (detail) => `Another recovery is already being moved into place: ${detail}`,
    "Let it end: run `appliance recover --yes-i-am-sure` without --at and --target.",
  ],
  RECOVERY_JOURNAL_DAMAGED: [
    (detail) => `The journal of an unfinished recovery cannot be read: ${detail}`,
    "Nothing was changed now. Recover onto another bare host, or move that folder to another disk and look at it first.",
  ],
  RECOVERY_OPTION_INVALID: [
    (detail) => `The recovery was asked for with what it does not take: ${detail}`,
    "Give --target a name of env.yml and --at a time such as 2026-11-20T12:00:00Z.",
  ],
} satisfies Record<string, [(detail: string) => string, string]>;

export type RecoveryFailureCode = keyof typeof FAILURES;

/** The `OperatorError` of `code`; `detail` ends its sentence. */
export function failure(code: RecoveryFailureCode, detail: string, cause?: unknown): OperatorError {
  const [sentence, remedy] = FAILURES[code];
  return new OperatorError(code, `${sentence(detail)}.`, { remedy, cause });
}

/** One error for all that stands in the way, so that the operator mends it in one go. */
export function combine(problems: readonly OperatorError[]): OperatorError {
  const [first, ...others] = problems;
  if (first && others.length === 0) return first;
  const list = (texts: string[]) => texts.map((text, n) => `${n + 1}. ${text}`).join(" ");
  const sentences = list(problems.map(({ code, message }) => `${message} (${code})`));
  return new OperatorError("RECOVERY_NOT_POSSIBLE", `${problems.length} things stand in the way. ${sentences}`, {
    remedy: list([...new Set(problems.map(({ remedy }) => remedy))]),
    cause: first,
  });
}
