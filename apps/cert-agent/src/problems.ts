import { isInterrupted, toFailure, type Failure } from "@appliance/errors";
import type { Log } from "@appliance/jobs";

/** The parts of the work, each of which may fail by itself. */
export type Part = "certificate" | "renewal" | "clients" | "serving" | "mounts";

export interface Problem extends Failure {
  part: Part;
  /** When it was first seen. */
  since: Date;
}

/** What is wrong now. It is kept for status and metrics, and logged when it comes and when it goes: not every minute. */
export interface Problems {
  /** All that is wrong with one part; with nothing wrong it is mended. `err` is for the log alone. */
  report(part: Part, failures: readonly Failure[], err?: unknown): void;
  /** Does work of one part; what it throws becomes the part's problem and is thrown on. An interruption is none. */
  during<T>(part: Part, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  list(): Problem[];
}

export function createProblems(log: Log, now: () => Date): Problems {
  const byPart = new Map<Part, Problem[]>();

  function report(part: Part, failures: readonly Failure[], err?: unknown) {
    const before = byPart.get(part) ?? [];
    const present = failures.map(({ code, message, remedy }) => {
      const since = before.find((one) => one.code === code)?.since ?? now();
      return { part, code, message, remedy, since };
    });
    byPart.set(part, present);
    // By code: a message may hold a time or a count that differs with every look.
    for (const { code, message } of present.filter((one) => isNew(one, before)))
      log.warn({ part, code, problem: message, err }, "something is wrong");
    for (const { code } of before.filter((one) => isNew(one, present))) log.info({ part, code }, "mended");
  }

  return {
    report,
    async during(part, signal, work) {
      try {
        const result = await work();
        report(part, []);
        return result;
      } catch (error) {
        if (!isInterrupted(signal)) report(part, [toFailure(error)], error);
        throw error;
      }
    },
    list: () => [...byPart.values()].flat(),
  };
}

function isNew({ code }: Failure, others: readonly Failure[]): boolean {
  return !others.some((one) => one.code === code);
}
