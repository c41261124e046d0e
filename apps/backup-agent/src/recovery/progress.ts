import type { Amount } from "@appliance/backup-engine";
import type { BackupProgress } from "@appliance/jobs";

export type Report = (progress: BackupProgress) => void;

const NOTHING: Amount = { files: 0, bytes: 0 };

/** Says what begins now. */
export function say(report: Report, sentence: string): void {
  report({ sentence, done: NOTHING, total: null, secondsLeft: null });
}

const EVERY_MS = 500;

/**
 * Below it the time left would jump about. Files differ more than bytes do, and an engine that counts bytes has some files before the first
 * of them.
 */
const MEASURABLE_MS = { bytes: 3000, files: 10_000 };

type Unit = keyof Amount;

/** When something of a unit was done first, and how much; what lies before it, such as the connecting, is no measure of what is to come. */
type Origin = { at: number; done: number };

/**
 * Tells how far a work is, at most twice a second. Where bytes are not counted (duplicity), files tell the time left.
 * `clock` is in milliseconds.
 */
export function createMeter(report: Report, sentence: string, total: Amount | null, clock = () => performance.now()) {
  const origins: Partial<Record<Unit, Origin>> = {};
  let toldAt = -Infinity;
  return (done: Amount): void => {
    const at = clock();
    const unit = done.bytes > 0 ? "bytes" : "files";
    if (done[unit] > 0) origins[unit] ??= { at, done: done[unit] };
    if (at - toldAt < EVERY_MS) return;
    toldAt = at;
    const secondsLeft = total && measure(origins[unit], { at, done: done[unit] }, total[unit], MEASURABLE_MS[unit]);
    report({ sentence, done: atMost(done, total), total, secondsLeft });
  };
}

/** restic counts folders as files, so that it has done more than there is. */
const atMost = ({ files, bytes }: Amount, total: Amount | null): Amount => ({
  files: Math.min(files, total?.files ?? Infinity),
  bytes: Math.min(bytes, total?.bytes ?? Infinity),
});

function measure(origin: Origin | undefined, now: Origin, total: number, measurableMs: number): number | null {
  if (!origin || now.at - origin.at < measurableMs || now.done === origin.done) return null;
  const left = Math.max(0, total - now.done);
  return Math.round(((now.at - origin.at) / 1000) * (left / (now.done - origin.done)));
}
