import { parseEnv, whyRefused, type Env } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { readInput } from "./read-input.ts";

/**
 * An env.yml without errors, the bytes that it stands in, and all that it holds, unknown keys included.
 * @throws OperatorError `USAGE` when it cannot be read, `ENV_INVALID` with all its errors
 */
export function readEnv(file: string): { env: Env; bytes: Uint8Array; data: unknown } {
  const bytes = readInput(file);
  const { env, problems, data } = parseEnv(bytes, { file });
  if (env) return { env, bytes, data };
  throw new OperatorError("ENV_INVALID", `${file} has errors:\n${whyRefused(problems).join("\n")}`, {
    remedy: `Correct ${file}, then try again.`,
  });
}
