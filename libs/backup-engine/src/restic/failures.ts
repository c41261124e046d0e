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

/** What restic writes about a repository in which something is wrong. */
const DAMAGE: readonly [FailureCode, RegExp][] = [
  [
    "BACKUP_VOLUME_MISSING",
    /pack [0-9a-f]+: ?does not exist|\bdoes not exist\b.*pack|missing pack|file does not exist|no such file/i,
  ],
  [
    "BACKUP_VOLUME_CORRUPT",
    /pack .*(hash does not match|damaged|not match|unexpected|corrupt|contains \d+ errors)|ciphertext verification failed.*pack|blob .*(not found|hash)|data\/[0-9a-f]{2}/i,
  ],
  ["BACKUP_MANIFEST_DAMAGED", /index|snapshot|ciphertext verification failed|invalid data returned|config/i],
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

function codeOf({ exitCode }: CommandError, text: string, { archive, temporary }: ResticContext): FailureCode {
  const byNumber = MEANING[exitCode ?? -1];
  if (byNumber !== undefined) return byNumber;
  if (/no space left/i.test(text) && [archive, temporary].some((folder) => text.includes(folder)))
    return "BACKUP_SCRATCH_FULL";
  return classify(text) ?? DAMAGE.find(([, sign]) => sign.test(text))?.[0] ?? "BACKUP_FAILED";
}

function detailOf(code: FailureCode, { exitCode }: CommandError, text: string): string {
  if (code === "BACKUP_LOCKED") return /by PID \d+ on (\S+)/.exec(text)?.[1] ?? "";
  if (code === "BACKUP_VOLUME_CORRUPT" || code === "BACKUP_VOLUME_MISSING")
    return /(?:pack |data\/[0-9a-f]{2}\/)([0-9a-f]{8,64})/i.exec(text)?.[1] ?? "";
  if (code !== "BACKUP_FAILED") return "";
  const last = text.split("\n").findLast((line) => line.trim() !== "" && !line.startsWith("{"));
  return `exit code ${exitCode}${last === undefined ? "" : `, ${last.trim().slice(0, 200)}`}`;
}
