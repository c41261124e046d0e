import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, OperatorError } from "@appliance/errors";
import type { Project } from "@appliance/jobs";
import * as z from "zod";

/** What steers compose, docker or the dynamic linker is set by this agent alone, never by a key of env.yml. */
const RESERVED = /^(?:PATH|HOME|COMPOSE_.*|DOCKER_.*|BUILDKIT_.*|BUILDX_.*|LD_.*)$/;

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .refine((name) => !RESERVED.test(name), "steers compose itself");
const variables = z.record(variableName, z.string());

/** This agent's part of env.yml, written by config-agent. */
export const Slice = z.object({
  timezone: z.string(),
  /** Variables of the core's compose file, such as the size of the database. */
  compose: variables,
  /** The application group: its compose file, a path inside the checkout, and its environment; null in standby. */
  application: z
    .object({
      composeFile: z
        .string()
        .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$)).+\.ya?ml$/, "is no compose file inside the checkout"),
      environment: variables,
    })
    .nullable(),
});
export type Slice = z.infer<typeof Slice>;

/** What may be seen in no text: the values of both environments, or of one project's. */
export function secretsIn(slice: Slice | undefined, ...only: Project[]): string[] {
  const environments = { core: slice?.compose, application: slice?.application?.environment };
  const projects = only.length > 0 ? only : (["core", "application"] as const);
  return projects.flatMap((project) => Object.values(environments[project] ?? {}));
}

/**
 * The slice as it is now; it is read for each job, since config-agent replaces it without asking.
 * @throws OperatorError `SLICE_MISSING` before the first apply, `SLICE_INVALID` when it is not ours to understand.
 */
export async function readSlice(sliceDir: string): Promise<Slice> {
  const path = join(sliceDir, "env.json");
  const parsed = Slice.safeParse(await readJson(path));
  if (parsed.success) return parsed.data;
  // The path of a problem names keys; the values, which are secrets, are not in it.
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw sliceInvalid(path, problems.join("; "));
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) throw sliceMissing(path);
    if (error instanceof SyntaxError) throw sliceInvalid(path, "it is no JSON");
    throw error;
  }
}

function sliceMissing(path: string): OperatorError {
  return new OperatorError("SLICE_MISSING", `update-agent has not been told anything yet: ${path} does not exist`, {
    remedy: "Run `appliance apply`, which hands env.yml out to the agents.",
  });
}

function sliceInvalid(path: string, problem: string): OperatorError {
  return new OperatorError("SLICE_INVALID", `update-agent does not understand ${path}: ${problem}`, {
    remedy: "Bring all agents to the same version, then run `appliance apply`.",
  });
}
