import { OperatorError, toFailure, type Failure } from "@appliance/errors";
import { UnrecoverableError } from "bullmq";

/**
 * The error that BullMQ keeps for a failed job: its message is the failure as JSON, and nothing else of what was thrown leaves
 * the agent. An `OperatorError` ends the job at once, unless its code is among those that time mends.
 */
export function toJobError(thrown: unknown, retryOn: readonly string[] = []): Error {
  const reason = JSON.stringify(toFailure(thrown));
  const final = thrown instanceof OperatorError && !retryOn.includes(thrown.code);
  return final ? new UnrecoverableError(reason) : new Error(reason);
}

/** The failure inside `failedReason`, or one that quotes it where something else than our own handler failed the job. */
export function parseFailedReason(jobName: string, reason: string): Failure {
  return (
    parseFailure(reason) ?? {
      code: "JOB_FAILED",
      message: `${jobName} failed: ${reason}`,
      remedy: "Read its details with `appliance logs`, then start the work again.",
    }
  );
}

/** The error that a requester is given for a failed job. */
export function toOperatorError({ code, message, remedy }: Failure): OperatorError {
  return new OperatorError(code, message, { remedy });
}

function parseFailure(reason: string): Failure | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(reason);
  } catch {
    return undefined; // BullMQ's own words, such as "job stalled more than allowable limit"
  }
  return isFailure(parsed) ? parsed : undefined;
}

function isFailure(value: unknown): value is Failure {
  const { code, message, remedy } = (value ?? {}) as Partial<Record<keyof Failure, unknown>>;
  return typeof code === "string" && typeof message === "string" && typeof remedy === "string";
}
