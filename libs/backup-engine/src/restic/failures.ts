import { CommandError } from "@appliance/command";
import { classify } from "../classify.ts";
import { failure, type FailureCode } from "../failures.ts";
import { hostKeyFailure } from "../ssh.ts";
import type { ResticContext } from "./context.ts";

/** restic's exit codes that mean one thing (its manual, "Exit codes"). 1 and any that is not known are told by their text. */
const MEANING: Readonly<Record<number, FailureCode>> = {
  10: "BACKUP_NOT_FOUND",
  11: "BACKUP_LOCKED",
  12: "BACKUP_KEY_WRONG",
};

const LOGIN_MS = 60_000;

/**
 * What restic 0.18 writes about a repository in which something is wrong. Each sign tells what was found, not where restic was
 * just then: it names config, index and packs in every failure of a network as well, and damage that is none makes operators
 * start anew.
 */
const DAMAGE: readonly [FailureCode, RegExp][] = [
  [
    "BACKUP_VOLUME_MISSING",
    /\bpack [0-9a-f]{8,64}: does not exist|<data\/[0-9a-f]+>.*(?:no such file|does not exist|not found|\b404\b)/i,
  ],
  [
    "BACKUP_VOLUME_CORRUPT",
    /\bpack [0-9a-f]{8,64}(?: contains \d+ errors|: unexpected file size)|<data\/[0-9a-f]+>.*(?:file is too short|invalid data returned|ciphertext verification failed)/i,
  ],
  [
    "BACKUP_MANIFEST_DAMAGED",
    /invalid data returned|ciphertext verification failed|config file has zero size|\bid [0-9a-f]{64} not found in repository|<(?:index|snapshot|key)\/[0-9a-f]+>.*(?:file is too short|no such file|does not exist|\b404\b)/i,
  ],
];

/** The `OperatorError` that the end of restic means; any other error as it is. `said` is all that it wrote of errors. */
export async function explain(error: unknown, said: string, context: ResticContext): Promise<unknown> {
  if (!(error instanceof CommandError) || error.code !== "COMMAND_FAILED") return error;
  const heard = said.trim() === "" ? error.stderrTail : said;
  const text = /unable to start the sftp session/.test(heard) ? `${heard}\n${await whyNoLogin(context)}` : heard;
  const code = codeOf(error, text, context);
  if (code === "BACKUP_HOST_KEY_UNKNOWN" || code === "BACKUP_HOST_KEY_CHANGED")
    return hostKeyFailure(context.run, code, context.url);
  return failure(code, context.url.label, detailOf(code, error, text), error);
}

/** restic often ends before ssh's reason has reached it: what ssh says when it is asked alone. */
async function whyNoLogin({ run, location: { login, environment }, scratch }: ResticContext): Promise<string> {
  if (!login) return "";
  const [program, ...args] = login;
  try {
    await run(program, args, { env: { HOME: `${scratch}/home`, ...environment }, input: "", timeoutMs: LOGIN_MS });
    return "";
  } catch (error) {
    return error instanceof CommandError ? error.stderrTail : "";
  }
}

/** What restic means by its end. */
export function codeOf(
  { exitCode }: Pick<CommandError, "exitCode">,
  text: string,
  { archive, temporary }: Pick<ResticContext, "archive" | "temporary">,
): FailureCode {
  const byNumber = MEANING[exitCode ?? -1];
  if (byNumber !== undefined) return byNumber;
  if (/no space left/i.test(text) && [archive, temporary].some((folder) => text.includes(folder)))
    return "BACKUP_SCRATCH_FULL";
  return DAMAGE.find(([, sign]) => sign.test(text))?.[0] ?? classify(text) ?? "BACKUP_FAILED";
}

function detailOf(code: FailureCode, { exitCode }: CommandError, text: string): string {
  if (code === "BACKUP_LOCKED") return /by PID \d+ on (\S+)/.exec(text)?.[1] ?? "";
  if (code === "BACKUP_VOLUME_CORRUPT" || code === "BACKUP_VOLUME_MISSING")
    return /(?:pack |data\/[0-9a-f]{2}\/)([0-9a-f]{8,64})/i.exec(text)?.[1] ?? "";
  if (code !== "BACKUP_FAILED") return "";
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("{"));
  const said = lines.findLast((line) => line.startsWith("Fatal: ")) ?? lines.at(-1);
  return `exit code ${exitCode}${said === undefined ? "" : `, ${said.trim().slice(0, 200)}`}`;
}
