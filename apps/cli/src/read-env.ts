import { parseEnv, whyRefused, type Env } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { readInput } from "./read-input.ts";

/**
 * An env.yml without errors, and the bytes that it stands in.
 * @throws OperatorError `USAGE` when it cannot be read, `ENV_INVALID` with all its errors
 */
export function readEnv(file: string): { env: Env; bytes: Uint8Array } {
  const bytes = readInput(file);
  const { env, problems } = parseEnv(bytes, { file });
  if (env) return { env, bytes };
  throw new OperatorError("ENV_INVALID", `${file} has errors:\n${whyRefused(problems).join("\n")}`, {
    remedy: `Correct ${file}, then try again.`,
  });
}
