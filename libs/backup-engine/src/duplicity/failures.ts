import { CommandError } from "@appliance/command";
import type { OperatorError } from "@appliance/errors";
import { classify } from "../classify.ts";
import { failure, type FailureCode } from "../failures.ts";
import { hostKeyFailure } from "../ssh.ts";
import type { DuplicityContext } from "./context.ts";
import { DAMAGE_CODES, type LogMessage } from "./machine-log.ts";

/** duplicity's exit codes that mean one thing (log.py, ErrorCode). Others are told apart by their text. */
const MEANING: Readonly<Record<number, FailureCode>> = {
  3: "BACKUP_FAILED",
  13: "BACKUP_SOURCE_MISSING",
  19: "BACKUP_PATH_NOT_FOUND",
  20: "BACKUP_NOT_FOUND",
  21: "BACKUP_VOLUME_CORRUPT",
  22: "BACKUP_VOLUME_CORRUPT",
  35: "BACKUP_SCRATCH_FULL",
  44: "BACKUP_VOLUME_CORRUPT",
  51: "BACKUP_TARGET_READ_ONLY",
  53: "BACKUP_TARGET_FULL",
};
const USER_ERROR = 23;
const GPG_FAILED = 31;
const VOLUME_NAME = /duplicity-[\w.-]+?\.(?:difftar|sigtar|manifest)(?:\.gpg)?/;

/** The `OperatorError` that the end of duplicity means; any other error as it is. `messages` are its errors and warnings. */
export async function explain(
  error: unknown,
  messages: readonly LogMessage[],
  context: DuplicityContext,
): Promise<unknown> {
  if (!(error instanceof CommandError) || error.code !== "COMMAND_FAILED") return error;
  // The rest of what it wrote names folders and files, which mean nothing here.
  const said = messages.length > 0 ? messages.map(({ text }) => text).join("\n") : error.stderrTail;
  const code = codeOf(error, said, context);
  if (code === "BACKUP_HOST_KEY_UNKNOWN" || code === "BACKUP_HOST_KEY_CHANGED")
    return hostKeyFailure(context.run, code, context.url);
  const reason = messages.find(({ level }) => level === "ERROR")?.text ?? error.stderrTail;
  return failure(code, context.url.label, detailOf(code, error, said, reason), error);
}

/** The damage that duplicity told of before it had to be ended. */
export function damageIn(messages: readonly LogMessage[], { url }: DuplicityContext): OperatorError | undefined {
  const said = messages.find(({ level, code }) => level === "ERROR" && DAMAGE_CODES.includes(code));
  return said && failure("BACKUP_VOLUME_CORRUPT", url.label, VOLUME_NAME.exec(said.text)?.[0] ?? "");
}

function codeOf({ exitCode }: CommandError, said: string, context: DuplicityContext): FailureCode {
  if (isFullHere(said, context)) return "BACKUP_SCRATCH_FULL";
  if (/GPGError|gpg:/.test(said) && /no secret key|secret key not available/i.test(said)) return "BACKUP_KEY_WRONG";
  if (exitCode === USER_ERROR && /instance is already running/.test(said)) return "BACKUP_LOCKED";
  const byNumber = MEANING[exitCode ?? -1];
  if (byNumber !== undefined) return byNumber;
  if (exitCode === GPG_FAILED) return "BACKUP_MANIFEST_DAMAGED";
  return classify(said) ?? "BACKUP_FAILED";
}

/** A volume that is put into a folder of this host is named with both of its places. */
function isFullHere(said: string, { temporary, archive, url }: DuplicityContext): boolean {
  const names = (folder: string) => said.includes(folder);
  return /no space left/i.test(said) && [temporary, archive].some(names) && !(url.scheme === "file" && names(url.path));
}

function detailOf(code: FailureCode, { exitCode }: CommandError, said: string, reason: string): string {
  if (code === "BACKUP_VOLUME_CORRUPT" || code === "BACKUP_VOLUME_MISSING") return VOLUME_NAME.exec(said)?.[0] ?? "";
  if (code === "BACKUP_LOCKED") return "one of this host";
  if (code !== "BACKUP_FAILED") return "";
  const line = reason.split("\n").find((text) => text.trim() !== "") ?? "without a word";
  return `exit code ${exitCode}, ${line.trim().slice(0, 200)}`;
}
