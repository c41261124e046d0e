import { OperatorError } from "@appliance/errors";
import type { TargetState } from "./target-state.ts";

export interface ForecastFacts {
  engine: "duplicity" | "restic";
  /** Everything is stored anew, by request or because nothing is there. */
  full: boolean;
  source: { files: number; bytes: number };
  dumpBytes: number;
  state: Pick<TargetState, "lastSuccess" | "lastFull">;
  now: Date;
}

/** What a run is expected to add, and how long it takes; seconds are null where nothing is known to go by. */
export interface Forecast {
  needBytes: number;
  seconds: number | null;
}

const DAY_MS = 86_400_000;
/** duplicity makes a full backup by itself after two months. */
const DUPLICITY_FULL_DAYS = 59;

/** Decides by what is known of the runs before. The dump counts as new as a whole: no run is refused that is close, and none fails late. */
export function forecastRun({ engine, full, source, dumpBytes, state, now }: ForecastFacts): Forecast {
  const { lastSuccess, lastFull } = state;
  if (full || !lastSuccess || !lastFull || (engine === "duplicity" && isOld(lastFull, now)))
    return { needBytes: source.bytes, seconds: lastFull ? scaled(lastFull, source.bytes) : null };
  const growth = Math.max(0, source.bytes - lastSuccess.source.bytes);
  const isIncrement = lastSuccess.startedAt !== lastFull.startedAt;
  return {
    needBytes: growth + Math.max(dumpBytes, isIncrement ? lastSuccess.stored.bytes : 0),
    seconds: isIncrement ? lastSuccess.seconds : null,
  };
}

type Run = NonNullable<TargetState["lastFull"]>;

const isOld = ({ startedAt }: Run, now: Date) => now.getTime() - Date.parse(startedAt) > DUPLICITY_FULL_DAYS * DAY_MS;

const scaled = ({ seconds, source }: Run, bytes: number) =>
  source.bytes === 0 ? seconds : Math.round((seconds * bytes) / source.bytes);

/** @throws OperatorError `BACKUP_TARGET_FULL` with the numbers. `freeBytes` is null where the target does not say. */
export function requireRoom(target: string, { needBytes }: Forecast, freeBytes: number | null): void {
  if (freeBytes === null || needBytes <= freeBytes) return;
  const size = megabytes(freeBytes) === megabytes(needBytes) ? kilobytes : megabytes; // equal numbers would explain nothing
  throw new OperatorError(
    "BACKUP_TARGET_FULL",
    `The backup target ${target} has ${size(freeBytes)} free, and this backup needs about ${size(needBytes)}.`,
    { remedy: "Free space there or keep fewer backups, then start the backup again. Nothing was written." },
  );
}

/** All sizes of the manual are 1024 based. */
const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`;
const kilobytes = (bytes: number) => `${Math.ceil(bytes / 1024)} KB`;
