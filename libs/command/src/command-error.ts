import { OperatorError, redact } from "@appliance/errors";

const LONGEST_TAIL = 4_000;
const LONGEST_QUOTE = 300;

/** A program that could not be started, failed, took too long or was stopped. Holds none of the command's secrets. */
export class CommandError extends OperatorError {
  /** null when the program was never started or was ended by a signal. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of standard error, at most 4000 characters. */
  readonly stderrTail: string;

  constructor(
    code: string,
    message: string,
    options: { remedy: string; exitCode?: number | null; signal?: NodeJS.Signals | null; stderrTail?: string },
  ) {
    super(code, message, { remedy: options.remedy });
    this.exitCode = options.exitCode ?? null;
    this.signal = options.signal ?? null;
    this.stderrTail = options.stderrTail ?? "";
  }
}

/** How a program that ran came to its end. */
export interface Ending {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** Uncensored; the errors made here censor it. */
  stderr: string;
}

/** The errors of one command. Every text in them has gone through `redact`, so a secret in standard error stays inside. */
export function createFailures(program: string, secrets: readonly string[]) {
  const named = redact(program, secrets);
  const failure = (code: string, what: string, remedy: string, ending?: Ending) => {
    const stderrTail = redact(ending?.stderr ?? "", secrets).slice(-LONGEST_TAIL);
    return new CommandError(code, `${named} ${what}${quote(stderrTail)}`, { remedy, ...ending, stderrTail });
  };
  return {
    refused: (why: string) =>
      failure(
        "COMMAND_REFUSED",
        `was not started: ${why}`,
        "Report it: a program was called with an impossible argument.",
      ),
    notFound: (why: string) =>
      failure(
        "COMMAND_NOT_FOUND",
        `could not be started: ${redact(why, secrets)}`,
        "Install the program, then try again.",
      ),
    notStarted: (why: string) =>
      failure("COMMAND_FAILED", `could not be started: ${redact(why, secrets)}`, "Read the cause and try again."),
    failed: (ending: Ending) =>
      failure("COMMAND_FAILED", howItEnded(ending), "Mend what the program complains about, then try again.", ending),
    timedOut: (ending: Ending, timeoutMs: number) =>
      failure(
        "COMMAND_TIMEOUT",
        `was stopped after ${timeoutMs / 1000} s`,
        "Look for what it waited for, then try again.",
        ending,
      ),
    aborted: (ending?: Ending) =>
      failure("COMMAND_ABORTED", "was stopped because its work was cancelled", "Start the work again.", ending),
  };
}

const howItEnded = ({ exitCode, signal }: Ending) =>
  signal === null ? `ended with exit code ${exitCode}` : `was ended by signal ${signal}`;

/** The last line that says something: most programs put their reason there. */
function quote(stderr: string): string {
  const line = stderr.split("\n").findLast((text) => text.trim() !== "");
  return line === undefined ? "" : `: ${line.trim().slice(0, LONGEST_QUOTE)}`;
}
