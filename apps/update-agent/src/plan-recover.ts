import { createHash } from "node:crypto";
import { RecoveryLine, type BackupProgress, type ContainersRecover, type DataOf } from "@appliance/jobs";
import type { OneOffOrder } from "./compose.ts";

/** The one-shot service of the core, in a profile of its own, so that nothing else starts or stops it. */
export const RECOVERY_SERVICE = "recovery";

interface RecoverWanted extends DataOf<typeof ContainersRecover> {
  /** The same job has the same container, however often it is delivered. */
  jobId: string;
  /** The compose project's name. */
  name: string;
}

/** The container that restores a backup. Pure. */
export function planRecover({ target, at, replace, runId, jobId, name }: RecoverWanted): OneOffOrder {
  const choice = Object.entries({ run: runId, target, at }).flatMap(([key, value]) =>
    value ? [`--${key}=${value}`] : [],
  );
  return {
    service: RECOVERY_SERVICE,
    name: `${name}_${RECOVERY_SERVICE}_${createHash("sha256").update(jobId).digest("hex").slice(0, 12)}`,
    command: ["recover", ...choice, ...(replace ? ["--replace"] : [])],
  };
}

/** What a recovery came to. */
export type Verdict = Exclude<RecoveryLine, { progress: unknown }>;

/** What was printed last of what a recovery does; undefined where the lines hold nothing of it. */
export function latestProgress(output: string): BackupProgress | undefined {
  return linesOf(output).findLast((line) => "progress" in line)?.progress;
}

/** Undefined for a recovery that was cut off, by a reboot for instance: only word and exit code together are a verdict. */
export function verdictOf(exitCode: number, output: string): Verdict | undefined {
  const last = linesOf(output).findLast(isVerdict);
  if (!last) return undefined;
  return exitCode === ("result" in last ? 0 : 1) ? last : undefined;
}

function isVerdict(line: RecoveryLine): line is Verdict {
  return !("progress" in line);
}

/** Of a log whose first line may be cut off. */
function linesOf(output: string): RecoveryLine[] {
  return output.split("\n").flatMap((line) => {
    const parsed = RecoveryLine.safeParse(parseJson(line));
    return parsed.success ? [parsed.data] : [];
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
