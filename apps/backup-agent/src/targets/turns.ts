import { OperatorError } from "@appliance/errors";

/** How long a person waits for the work before theirs at the same target. */
const PATIENCE_MS = 60_000;

export interface Wait {
  /**
   * Waits as long as it takes, until the signal aborts. For work that must not fail because of what holds its place for hours,
   * such as a backup while a drill restores.
   */
  patient?: boolean;
}

export interface Turns {
  /** Does `work` once nothing else is done under `name`. @throws OperatorError `BACKUP_TARGET_BUSY`, never to the patient */
  take<T>(name: string, signal: AbortSignal, work: () => Promise<T>, wait?: Wait): Promise<T>;
}

/** One work at a time for each name: an engine does one thing at once. Those who wait come in their order. */
export function createTurns(patienceMs = PATIENCE_MS): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    async take(name, signal, work, { patient = false } = {}) {
      const before = last.get(name) ?? Promise.resolve();
      const mine = Promise.withResolvers<void>();
      // Whoever comes later waits for both, also when this one gives up waiting.
      last.set(name, Promise.all([before, mine.promise]));
      try {
        await settled(before, signal, patient ? undefined : { ms: patienceMs, late: () => busy(name) });
        return await work();
      } finally {
        mine.resolve();
      }
    },
  };
}

async function settled(before: Promise<unknown>, signal: AbortSignal, limit?: { ms: number; late: () => Error }) {
  signal.throwIfAborted();
  const given = Promise.withResolvers<never>();
  const timer = limit && setTimeout(() => given.reject(limit.late()), limit.ms);
  const onAbort = () => given.reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([before, given.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

function busy(name: string): OperatorError {
  return new OperatorError("BACKUP_TARGET_BUSY", `Something else is under way at the backup target ${name}.`, {
    remedy: "See what with `appliance backup status`, and try again when it has ended.",
  });
}
