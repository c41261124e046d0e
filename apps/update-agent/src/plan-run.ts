import { createHash } from "node:crypto";
import { OperatorError, suggest } from "@appliance/errors";
import type { OneOffOrder } from "./compose.ts";
import type { GroupModel } from "./compose-model.ts";

export interface RunWanted {
  operation: string;
  arguments: readonly string[];
  /** The job's id. The same job has the same container, however often it is delivered. */
  jobId: string;
  /** The compose project's name. */
  name: string;
}

export interface PlannedRun extends OneOffOrder {
  secretOutput: boolean;
}

/**
 * The one-off container that carries out an operation. Pure.
 * @throws OperatorError `OPERATION_UNKNOWN`, or `OPERATION_ARGUMENTS_INVALID` when the arguments are not as many as the
 * declared patterns or one does not match the whole of its pattern.
 */
export function planRun(wanted: RunWanted, model: GroupModel): PlannedRun {
  const operation = model.operations.get(wanted.operation);
  if (!operation) throw unknownOperation(wanted.operation, [...model.operations.keys()]);
  checkArguments(wanted, operation.arguments);
  return {
    service: operation.service,
    name: `${wanted.name}_${wanted.operation}_${createHash("sha256").update(wanted.jobId).digest("hex").slice(0, 12)}`,
    command: [...operation.command, ...wanted.arguments],
    secretOutput: operation.secretOutput,
  };
}

function checkArguments({ operation, arguments: given }: RunWanted, patterns: readonly string[]): void {
  if (given.length !== patterns.length)
    throw wrongArguments(operation, `it takes ${patterns.length} arguments and was given ${given.length}`);
  const wrong = given.findIndex((argument, i) => !new RegExp(`^(?:${patterns[i]})$`, "u").test(argument));
  if (wrong >= 0) throw wrongArguments(operation, `argument ${wrong + 1} does not match ${patterns[wrong]}`);
}

function unknownOperation(name: string, known: readonly string[]): OperatorError {
  const meant = suggest(name, known);
  return new OperatorError("OPERATION_UNKNOWN", `The compose file declares no operation '${name}'`, {
    remedy: meant ? `Did you mean '${meant}'?` : `It declares ${known.join(", ") || "none"}.`,
  });
}

/** The argument itself is not repeated: it may be a secret, or long. */
function wrongArguments(operation: string, problem: string): OperatorError {
  return new OperatorError("OPERATION_ARGUMENTS_INVALID", `The operation ${operation} was not started: ${problem}`, {
    remedy: "Give it the arguments that x-appliance.operations of the compose file declares.",
  });
}
