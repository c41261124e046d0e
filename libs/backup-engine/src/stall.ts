import { failure } from "./failures.ts";

const HOUR_MS = 3_600_000;

export interface Watch {
  /** Aborts with the caller's reason, or with BACKUP_STALLED. */
  signal: AbortSignal;
  /** Called at each sign that the work goes on. */
  alive: () => void;
}

/**
 * Runs `work` and ends it when it was not `alive` for `stallMs` (default one hour). A program that hangs on a dead server
 * would otherwise hold the host for the whole night.
 */
export async function withStallLimit<T>(
  {
    target,
    stallMs = HOUR_MS,
    signal,
  }: { target: string; stallMs?: number | undefined; signal?: AbortSignal | undefined },
  work: (watch: Watch) => Promise<T>,
): Promise<T> {
  const stalled = new AbortController();
  const timer = setTimeout(
    () => stalled.abort(failure("BACKUP_STALLED", target, `silent for ${Math.round(stallMs / 1000)} s`)),
    stallMs,
  );
  try {
    const both = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
    return await work({ signal: both, alive: () => timer.refresh() });
  } catch (error) {
    throw stalled.signal.aborted && !signal?.aborted ? stalled.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
