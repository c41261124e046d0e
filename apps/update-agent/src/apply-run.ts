import { redact } from "@appliance/errors";
import type { OneOffOrder } from "./compose.ts";
import type { ComposeGroup } from "./compose-group.ts";
import { withOneOff, type OneOffTools } from "./one-off.ts";

export interface RunResult {
  exitCode: number;
  /** The end of what it printed, both streams, without secrets. */
  output: string;
}

const OUTPUT_LINES = 500;
const OUTPUT_CHARACTERS = 64 * 1024;

/** Runs an operation of the group to its end, through restarts of this agent, and brings what it printed. */
export function applyRun(
  group: ComposeGroup,
  order: OneOffOrder,
  tools: OneOffTools,
  signal: AbortSignal,
): Promise<RunResult> {
  const { docker } = tools;
  return withOneOff(group, order, tools, signal, async (id) => {
    const exitCode = await docker.exitCode(id, signal);
    const output = redact(await docker.logs(id, OUTPUT_LINES), Object.values(group.environment));
    return { exitCode, output: output.slice(-OUTPUT_CHARACTERS) };
  });
}
