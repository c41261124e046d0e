import { formatProblem, parseEnv, redactedChanges, type Change, type Env } from "@appliance/env";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { readInput } from "../read-input.ts";

/** As diff(1) has them; documented in docs/cli.md. */
const DIFF_EXIT = { same: EXIT.ok, different: 1, trouble: 2 };

/**
 * `appliance env diff A B`: the settings that differ, without secrets. Needs no service.
 * @throws OperatorError `USAGE` when a file cannot be read, which ends with the same code as trouble
 */
export function diffEnv(
  before: string,
  after: string,
  options: { json: boolean },
  { terminal }: Pick<Context, "terminal">,
): number {
  const [old, now] = [before, after].map((file) => parse(file, terminal.say));
  if (!old || !now) return DIFF_EXIT.trouble;
  const changes = redactedChanges(old, now);
  if (options.json) terminal.json({ before, after, changes });
  else for (const change of changes) terminal.print(formatChange(change));
  return changes.length === 0 ? DIFF_EXIT.same : DIFF_EXIT.different;
}

function parse(file: string, say: (text: string) => void): Env | undefined {
  const { env, problems } = parseEnv(readInput(file), { file });
  if (!env) for (const problem of problems) if (problem.severity === "error") say(formatProblem(problem));
  return env;
}

const formatChange = ({ path, before, after }: Change) => `${path}: ${before ?? "(not set)"} → ${after ?? "(not set)"}`;
