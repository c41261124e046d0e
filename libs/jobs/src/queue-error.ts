import { OperatorError } from "@appliance/errors";

/** What `ask` brings. @throws OperatorError `QUEUE_FORBIDDEN` or `QUEUE_UNAVAILABLE` */
export async function asQueueError<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw isForbidden(error) ? forbidden(error) : unavailable(error);
  }
}

/** Refused as a command, or inside a script, where Redis up to 7.0 has other words for it. */
const FORBIDDEN = /NOPERM|ACL failure in script|user executing the script can't/;

export function isForbidden(error: unknown): boolean {
  return error instanceof Error && FORBIDDEN.test(error.message);
}

export function forbidden(cause: unknown): OperatorError {
  return new OperatorError("QUEUE_FORBIDDEN", "The queue does not allow this agent to do that.", {
    remedy: "Start the appliance again, so that the users of the queue are written anew; if it stays, report it.",
    cause,
  });
}

export function unavailable(cause: unknown): OperatorError {
  return new OperatorError("QUEUE_UNAVAILABLE", "The queue cannot be reached.", {
    remedy: "See with `appliance status` whether `queue` runs; `appliance start` starts it.",
    cause,
  });
}
