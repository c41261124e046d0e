import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { parseEnv, formatProblem, type Env, type Problem } from "@appliance/env";
import { OperatorError, isSystemError } from "@appliance/errors";
import { resolveInRoot } from "@appliance/files";
import { PATHS } from "./paths.ts";

export interface EnvSource {
  /** As the operator knows it: the path on the host. */
  name: string;
  text: Uint8Array;
  sha256: string;
}

/** Where env.yml is looked for, in the order of the manual, 3. Drives and metadata services join here. */
export function envPaths(override: string | undefined): string[] {
  return [...(override ? [override] : []), PATHS.envYml];
}

/**
 * The first env.yml that is there.
 * @throws OperatorError `ENV_ABSENT` when there is none, naming each place.
 */
export async function findEnv(hostRoot: string, override?: string): Promise<EnvSource> {
  const paths = envPaths(override);
  for (const path of paths) {
    const text = await readIfThere(hostRoot, path);
    if (text) return { name: path, text, sha256: createHash("sha256").update(text).digest("hex") };
  }
  throw new OperatorError("ENV_ABSENT", `There is no env.yml (looked for ${paths.join(", ")}).`, {
    remedy: `Put your env.yml at ${PATHS.envYml}, or try the appliance with \`bootstrap.sh --sample\`; then run \`appliance start\`.`,
  });
}

async function readIfThere(hostRoot: string, path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(await resolveInRoot(hostRoot, path));
  } catch (err) {
    if (err instanceof OperatorError && err.code === "PATH_MISSING") return undefined;
    if (isSystemError(err, "ENOENT")) return undefined;
    throw err;
  }
}

/** @throws OperatorError `ENV_INVALID` with every error, each with its line. */
export function checkEnv(source: EnvSource): { env: Env; warnings: Problem[] } {
  const { env, problems } = parseEnv(source.text, { file: source.name });
  if (env) return { env, warnings: problems };
  const errors = problems.filter(({ severity }) => severity === "error").map(formatProblem);
  throw new OperatorError(
    "ENV_INVALID",
    `${source.name} has ${errors.length === 1 ? "an error" : `${errors.length} errors`}:\n${errors.join("\n")}`,
    {
      remedy: `Correct ${source.name} and run \`appliance apply\`; what was running stays as it is.`,
    },
  );
}
