import { readFileSync } from "node:fs";
import { OperatorError, isSystemError } from "@appliance/errors";
import { formatProblem, parseEnv } from "@appliance/env";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";

/** `appliance env check FILE`: every problem at once; exit code 1 when there is an error. Works without any service. */
export function checkEnv(file: string, options: { json: boolean }, { terminal }: Pick<Context, "terminal">): number {
  const { env, problems } = parseEnv(readEnvFile(file), { file });
  if (options.json) terminal.json({ file, ok: env !== undefined, problems });
  else {
    for (const problem of problems) terminal.print(formatProblem(problem));
    const errors = problems.filter(({ severity }) => severity === "error").length;
    terminal.print(
      errors === 0
        ? `${file} is valid${problems.length > 0 ? `, with ${problems.length} warnings` : ""}.`
        : `${file} has ${errors} errors.`,
    );
  }
  return env === undefined ? EXIT.failed : EXIT.ok;
}

/** @throws OperatorError `USAGE` when the file cannot be read */
export function readEnvFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (!isSystemError(cause, "ENOENT", "EACCES", "EISDIR")) throw cause;
    throw new OperatorError("USAGE", `${file} cannot be read (${cause.code}).`, {
      remedy: "Name a file that exists and that you may read.",
      cause,
    });
  }
}
