import type { Amount } from "@appliance/backup-engine";
import type { BackupProgress } from "@appliance/jobs";

export type Report = (progress: BackupProgress) => void;

const NOTHING: Amount = { files: 0, bytes: 0 };

/** Says what begins now. */
export function say(report: Report, sentence: string): void {
  report({ sentence, done: NOTHING, total: null, secondsLeft: null });
}

const EVERY_MS = 500;

/** Below it the time left would jump about. */
const MEASURABLE_MS = 3000;

/**
 * Tells how far a work is, at most twice a second. Where bytes are not counted (duplicity), files tell the time left.
 * `clock` is in milliseconds.
 */
export function createMeter(report: Report, sentence: string, total: Amount | null, clock = () => performance.now()) {
  const startedAt = clock();
  let toldAt = -Infinity;
  return (done: Amount): void => {
    const now = clock();
    if (now - toldAt < EVERY_MS) return;
    toldAt = now;
    report({ sentence, done: atMost(done, total), total, secondsLeft: secondsLeft(done, total, now - startedAt) });
  };
}

/** restic counts folders as files, so that it has done more than there is. */
const atMost = ({ files, bytes }: Amount, total: Amount | null): Amount => ({
  files: Math.min(files, total?.files ?? Infinity),
  bytes: Math.min(bytes, total?.bytes ?? Infinity),
});

function secondsLeft(done: Amount, total: Amount | null, elapsedMs: number): number | null {
  if (!total || elapsedMs < MEASURABLE_MS) return null;
  const unit = done.bytes > 0 ? "bytes" : "files";
  if (done[unit] === 0) return null;
  const left = Math.max(0, total[unit] - done[unit]);
  return Math.round(((elapsedMs / 1000) * left) / done[unit]);
}
