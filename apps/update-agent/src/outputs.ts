import { randomBytes } from "node:crypto";
import { OperatorError } from "@appliance/errors";

/** What operations printed that is secret: in memory alone, until it is read. */
export interface Outputs {
  /** @returns the id under which it can be read, once */
  keep(output: string): string;
  /** Gives it and forgets it. @throws OperatorError `NOT_FOUND` */
  take(id: string): string;
}

const KEPT_MS = 3_600_000;

/** Nothing of it outlives an hour, or this process. */
export function createOutputs(): Outputs {
  const waiting = new Map<string, { output: string; forgetting: NodeJS.Timeout }>();
  return {
    keep(output) {
      const id = randomBytes(16).toString("hex");
      const forgetting = setTimeout(() => waiting.delete(id), KEPT_MS).unref();
      waiting.set(id, { output, forgetting });
      return id;
    },
    take(id) {
      const found = waiting.get(id);
      if (!found) throw gone();
      clearTimeout(found.forgetting);
      waiting.delete(id);
      return found.output;
    },
  };
}

function gone(): OperatorError {
  return new OperatorError("NOT_FOUND", "This output is not here: it is kept for one hour and can be read once", {
    remedy: "Do the operation again, and take back what the first one made.",
  });
}
