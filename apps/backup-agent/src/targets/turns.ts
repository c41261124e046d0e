import { OperatorError } from "@appliance/errors";

/** How long a work waits for the one before at the same target. */
const PATIENCE_MS = 60_000;

export interface Turns {
  /** Does `work` once nothing else is done under `name`. @throws OperatorError `BACKUP_TARGET_BUSY` */
  take<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** One work at a time for each name: an engine does one thing at once. Those who wait come in their order. */
export function createTurns(patienceMs = PATIENCE_MS): Turns {
  const last = new Map<string, Promise<unknown>>();
  return {
    async take(name, signal, work) {
      const before = last.get(name) ?? Promise.resolve();
      const mine = Promise.withResolvers<void>();
      // Whoever comes later waits for both, also when this one gives up waiting.
      last.set(name, Promise.all([before, mine.promise]));
      try {
        await settled(before, signal, () => busy(name), patienceMs);
        return await work();
      } finally {
        mine.resolve();
      }
    },
  };
}

async function settled(before: Promise<unknown>, signal: AbortSignal, late: () => Error, patienceMs: number) {
  signal.throwIfAborted();
  const given = Promise.withResolvers<never>();
  const timer = setTimeout(() => given.reject(late()), patienceMs);
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
