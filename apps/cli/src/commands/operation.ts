import type { Context } from "../context.ts";
import { followJob } from "../follow-job.ts";
import { OperationResult, SecretOutput } from "../shapes.ts";

type OperationContext = Pick<Context, "updateAgent" | "terminal">;

/**
 * Has the application do one of the operations that its compose file declares, and shows what it printed; what is secret is
 * fetched for that, once. @returns the exit code of the operation
 */
export async function runOperation(
  operation: string,
  args: readonly string[],
  { updateAgent, terminal }: OperationContext,
): Promise<number> {
  const data = { project: "application", operation, arguments: args };
  const request = { queue: "containers", name: "containers.run", data };
  const { exitCode, output, outputId } = OperationResult.parse(await followJob(updateAgent, request, terminal.say));
  const printed = outputId === null ? output : await fetchOnce(updateAgent, outputId);
  if (printed.trim() !== "") (exitCode === 0 ? terminal.print : terminal.say)(printed.trimEnd());
  if (exitCode !== 0) terminal.say(`The application ended ${operation} with exit code ${exitCode}.`);
  return exitCode;
}

async function fetchOnce(updateAgent: OperationContext["updateAgent"], id: string): Promise<string> {
  return SecretOutput.parse(await updateAgent.get(`/outputs/${encodeURIComponent(id)}`)).output;
}
