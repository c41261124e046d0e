#!/usr/bin/env node
import { OperatorError, toFailure } from "@appliance/errors";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { createTerminal, formatFailure } from "./terminal.ts";

const terminal = createTerminal(process.stdout, process.stderr);

// Who pipes us into `head` has read enough.
process.stdout.on("error", (err: NodeJS.ErrnoException) => process.exit(err.code === "EPIPE" ? EXIT.ok : EXIT.failed));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (err) {
  const unexpected = !(err instanceof OperatorError);
  terminal.say(formatFailure(toFailure(err)));
  if (unexpected && process.env["APPLIANCE_DEBUG"]) console.error(err);
  process.exitCode = unexpected ? EXIT.failed : exitCodeOf(err.code);
}

/** `env flatten` is called by scripts in loops, so it is answered before anything else is loaded. */
async function main(args: string[]): Promise<number> {
  if (args[0] === "env" && args[1] === "flatten" && !args.includes("--help")) {
    const { flattenEnv } = await import("./commands/flatten.ts");
    return flattenEnv(args.slice(2));
  }
  const { createProgram } = await import("./program.ts");
  let exitCode: number = EXIT.ok;
  const program = createProgram(terminal, (code) => (exitCode = code));
  await program.parseAsync(args, { from: "user" }).catch((err: unknown) => {
    exitCode = usageExitCode(err);
  });
  return exitCode;
}

/** commander has said already what was wrong with the command; help and --version end well. */
function usageExitCode(err: unknown): number {
  if (err instanceof Error && "exitCode" in err && "code" in err && String(err.code).startsWith("commander."))
    return err.exitCode === 0 ? EXIT.ok : EXIT.usage;
  throw err;
}
