import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { isSystemError } from "@appliance/errors";
import { createFailures, type Ending } from "./command-error.ts";
import type { CommandOptions, CommandResult } from "./command.ts";
import { supervise, type Run } from "./supervise.ts";

/** All that a program inherits. Names, secrets and locales of the agent's own environment stay with the agent. */
const BASE_ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LANG: "C.UTF-8",
};

export type RunCommand = typeof runCommand;

/**
 * Runs a program and waits for it: arguments as an array, no shell, no inherited environment, a process group of its own
 * that is ended as a whole when the time is over or `signal` aborts.
 *
 * It returns once the program has ended and its output is closed, or silent for 1 s when a background process keeps it open.
 * @throws CommandError `COMMAND_NOT_FOUND`, `COMMAND_FAILED` (could not be started, another exit code, a signal),
 * `COMMAND_TIMEOUT`, `COMMAND_ABORTED`, or `COMMAND_REFUSED` for a NUL byte in an argument.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const startedAt = performance.now();
  const secrets = [...(options.secrets ?? []), ...Object.values(options.env ?? {})];
  const failures = createFailures(program, secrets);
  const unusable = whyUnusable(program, args, options.env ?? {});
  if (unusable) throw failures.refused(unusable);
  if (options.signal?.aborted) throw failures.aborted();

  let run: Run;
  try {
    run = await supervise(start(program, args, options), { ...options, secrets });
  } catch (error) {
    throw whyNotStarted(error, options.cwd, failures);
  }
  const { exitCode, signal, stop, stdout, stderr } = run;
  const ending: Ending = { exitCode, signal, stderr: stderr.ending() };
  if (stop?.reason === "timeout") throw failures.timedOut(ending, options.timeoutMs);
  if (stop?.reason === "aborted") throw failures.aborted(ending);
  if (stop) throw stop.error;
  if (exitCode === null || !(options.okExitCodes ?? [0]).includes(exitCode)) throw failures.failed(ending);
  return {
    exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    cutBytes: { stdout: stdout.cutBytes(), stderr: stderr.cutBytes() },
    durationMs: Math.round(performance.now() - startedAt),
  };
}

function start(program: string, args: readonly string[], options: CommandOptions): ChildProcess {
  return spawn(program, args, {
    cwd: options.cwd ?? "/",
    env: { ...BASE_ENVIRONMENT, ...options.env },
    detached: true, // a session and process group of its own, which can be ended as a whole
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
}

function whyUnusable(program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
  const texts = [program, ...args, ...Object.keys(env), ...Object.values(env)];
  if (texts.some((text) => text.includes("\0"))) return "an argument holds a NUL byte";
  if (Object.keys(env).some((name) => name === "" || name.includes("="))) return "an environment name is not one";
  return undefined;
}

function whyNotStarted(error: unknown, cwd: string | undefined, failures: ReturnType<typeof createFailures>) {
  // The kernel says ENOENT for a missing working folder as well.
  if (isSystemError(error, "ENOENT") && cwd !== undefined && !existsSync(cwd))
    return failures.notStarted(`its working folder ${cwd} does not exist`);
  if (isSystemError(error, "ENOENT", "ENOTDIR")) return failures.notFound("there is no such program");
  if (isSystemError(error, "EACCES")) return failures.notFound("it may not be executed");
  if (error instanceof Error && "code" in error) return failures.notStarted(String(error.code));
  return error;
}
