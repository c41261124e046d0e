import { CommandError, type CommandOptions, type CommandResult, type RunCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";

/** Runs a command inside the namespaces of process 1. */
export type Enter = (command: readonly string[], options: CommandOptions) => Promise<CommandResult>;

/** What nsenter(1) itself complains about; a program that is missing on the host is no fault of the way in. */
const NO_WAY_IN = /^nsenter: (?!failed to execute)(.*)/m;

/**
 * The way into the host, by the namespaces that `flags` name.
 * @throws OperatorError `HOST_UNREACHABLE` when process 1 cannot be entered, else as `runCommand`.
 */
export function createEnter(run: RunCommand, flags: readonly string[]): Enter {
  return async (command, options) => {
    try {
      return await run("nsenter", ["-t", "1", ...flags, "--", ...command], options);
    } catch (error) {
      throw asUnreachable(error);
    }
  };
}

function asUnreachable(error: unknown): unknown {
  const why = error instanceof CommandError ? NO_WAY_IN.exec(error.stderrTail)?.[1] : undefined;
  if (why === undefined) return error;
  return new OperatorError("HOST_UNREACHABLE", `the host cannot be entered from this container: ${why}`, {
    remedy: "Start config-agent with compose/host.yml (pid: host and its capabilities), or without host powers.",
    cause: error,
  });
}
