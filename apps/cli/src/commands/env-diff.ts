import { redactedChanges, type Change, type Env } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { readEnv } from "../read-env.ts";
import { formatFailure } from "../terminal.ts";

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
  const [old, now] = [before, after].map((file) => readOrSay(file, terminal.say));
  if (!old || !now) return DIFF_EXIT.trouble;
  const changes = redactedChanges(old, now);
  if (options.json) terminal.json({ before, after, changes });
  else for (const change of changes) terminal.print(formatChange(change));
  return changes.length === 0 ? DIFF_EXIT.same : DIFF_EXIT.different;
}

/** What is wrong is said of both files, before the command ends. */
function readOrSay(file: string, say: (text: string) => void): Env | undefined {
  try {
    return readEnv(file).env;
  } catch (err) {
    if (!(err instanceof OperatorError) || err.code !== "ENV_INVALID") throw err;
    say(formatFailure(err));
    return undefined;
  }
}

const formatChange = ({ path, before, after }: Change) => `${path}: ${before ?? "(not set)"} → ${after ?? "(not set)"}`;
