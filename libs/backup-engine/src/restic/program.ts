import type { CommandResult } from "@appliance/command";
import type { Cancellable } from "../engine.ts";
import { withStallLimit } from "../stall.ts";
import type { ResticContext } from "./context.ts";
import { explain } from "./failures.ts";
import { parseLine } from "../json-line.ts";
import { ErrorMessage, ExitError } from "./messages.ts";

const LONGEST_RUN_MS = 7 * 24 * 3_600_000;
const MOST_SAID = 20_000;

/** Keeps the answers of commands that list everything: snapshots and locks, some hundred bytes each. */
const LONGEST_ANSWER = 64 * 1024 * 1024;

/** What restic tried again is no reason why it ended: what it could not overcome, it says once more at the end. */
const RETRIED = /returned error, retrying after/;

export interface CallOptions extends Cancellable {
  /** Each line of standard output. */
  onOutput?: (line: string) => void;
  /** Each error message of restic about one item. */
  onError?: (message: string) => void;
  /** Says whether a line is a sign of progress; by default each is. restic repeats its status when nothing moves. */
  isAlive?: (line: string) => boolean;
  okExitCodes?: readonly number[];
  cwd?: string;
  /** What restic reads from standard input. */
  input?: string;
}

/** Runs `restic ARGUMENT…` on the target. @throws OperatorError of `failures.ts`. */
export async function callRestic(
  context: ResticContext,
  args: readonly string[],
  { signal, onOutput, onError, isAlive, okExitCodes, cwd, input }: CallOptions,
): Promise<CommandResult> {
  let said = "";
  context.recent.forget();
  const hear = (line: string) => {
    const text = toText(line);
    if (said.length < MOST_SAID && !RETRIED.test(text)) said += `${text}\n`;
    if (parseLine(ErrorMessage, line)) onError?.(text);
  };
  try {
    return await withStallLimit({ target: context.url.label, stallMs: context.stallMs, signal }, (watch) =>
      context.run("restic", [...commonArguments(context), ...args], {
        env: environment(context),
        secrets: [context.url.password ?? ""],
        timeoutMs: LONGEST_RUN_MS,
        signal: watch.signal,
        maxOutputBytes: onOutput ? MOST_SAID : LONGEST_ANSWER,
        ...(okExitCodes ? { okExitCodes } : {}),
        ...(cwd === undefined ? {} : { cwd }),
        ...(input === undefined ? {} : { input }),
        onLine: (line, stream) => {
          if (isAlive?.(line) ?? true) watch.alive();
          if (stream === "stderr" || line.includes('"message_type":"error"')) hear(line);
          else onOutput?.(line);
        },
      }),
    );
  } catch (error) {
    throw await explain(error, said, context);
  }
}

/** An error message as text: `item: reason`. Other lines are text already. */
function toText(line: string): string {
  const message = parseLine(ErrorMessage, line);
  if (!message) return parseLine(ExitError, line)?.message ?? line;
  return [message.item, message.error?.message].filter((part) => part !== undefined && part !== "").join(": ");
}

function commonArguments({ location, passwordFile, archive }: ResticContext): string[] {
  const places = ["--repo", location.repository, "--password-file", passwordFile, "--cache-dir", `${archive}/cache`];
  return [...places, ...location.args];
}

function environment({ scratch, temporary, location }: ResticContext): Record<string, string> {
  return { HOME: `${scratch}/home`, TMPDIR: temporary, RESTIC_PROGRESS_FPS: "1", ...location.environment };
}
