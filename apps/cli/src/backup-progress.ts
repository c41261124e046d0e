import * as z from "zod";
import { formatBytes, formatSeconds } from "./amounts.ts";

/** What the progress of work is in words, or undefined where it tells nothing. */
export type DescribeProgress = (progress: unknown) => string | undefined;

const Amount = z.object({ files: z.number(), bytes: z.number() });
const BackupProgress = z.object({
  sentence: z.string(),
  done: Amount,
  total: Amount.nullable(),
  secondsLeft: z.number().nullable(),
});
type BackupProgress = z.infer<typeof BackupProgress>;

/** Work of hours is told of ever more seldom, up to once a minute, so that a terminal and the journal stay readable. */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * For `followJob`: what a backup, its proof or a recovery is doing, with bytes and files and the time left. Another sentence is told at
 * once, the same one again after a while.
 */
export function createBackupProgress(now: () => number = () => performance.now()): DescribeProgress {
  let [sentence, toldAt, pauseMs] = ["", -Infinity, FIRST_PAUSE_MS];
  return (progress) => {
    const step = z.object({ step: z.string() }).safeParse(progress); // of work that this one waits for
    if (step.success) return step.data.step;
    const read = BackupProgress.safeParse(progress);
    if (!read.success) return undefined;
    const isNew = read.data.sentence !== sentence;
    if (!isNew && now() - toldAt < pauseMs) return undefined;
    pauseMs = isNew ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    [sentence, toldAt] = [read.data.sentence, now()];
    return describe(read.data);
  };
}

function describe({ sentence, done, total, secondsLeft }: BackupProgress): string {
  const parts = [
    share(done.bytes, total?.bytes, formatBytes),
    files(share(done.files, total?.files, String)),
    secondsLeft === null ? undefined : `about ${formatSeconds(secondsLeft)} left`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? sentence : `${sentence}: ${parts.join(", ")}`;
}

const files = (count: string | undefined) => (count === undefined ? undefined : `${count} files`);

/** `DONE of TOTAL`, or what is done while no total is known; undefined while there is nothing to tell. */
function share(done: number, total: number | undefined, format: (amount: number) => string): string | undefined {
  if (total !== undefined && total > 0) return `${format(done)} of ${format(total)}`;
  return done > 0 ? format(done) : undefined;
}
