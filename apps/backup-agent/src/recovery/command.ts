import { parseArgs } from "node:util";
import { redact, toFailure } from "@appliance/errors";
import { ContainersRecover, type BackupProgress, type Log } from "@appliance/jobs";
import * as z from "zod";
import { failure } from "./failures.ts";
import { runRecovery } from "./recover.ts";
import type { RecoveryDeps } from "./recovery.ts";

export interface RecoverCommand {
  /** What stands behind `recover`: `[--run ID] [--target NAME] [--at TIME] [--replace]`. */
  args: readonly string[];
  deps: Omit<RecoveryDeps, "report">;
  /** Takes one JSON object a line: `{"progress":…}`, and at the end `{"result":…}` or `{"failure":…}`. */
  write: (line: string) => void;
  /** What must be seen in no line. */
  secrets: () => readonly string[];
  signal: AbortSignal;
}

/** As a shell has it of a program that SIGTERM ended. */
const ENDED = 143;

/**
 * Recovers as a program of its own: update-agent reads the lines. Returns the exit code: 0, 1, or 143 where it was told to end, as by a
 * reboot. Then it has come to nothing that could be said, and goes on by its journal when it is started again.
 */
export async function recoverCommand({ args, deps, write, secrets, signal }: RecoverCommand): Promise<number> {
  const tell = (line: object) => write(redact(JSON.stringify(line), secrets()));
  const report = (progress: BackupProgress) => tell({ progress });
  try {
    const { runId, ...request } = parseRequest(args);
    const log: Log = deps.log;
    log.info({ ...request, runId }, "recovery started");
    tell({ result: await runRecovery(request, { ...deps, report }, signal) });
    return 0;
  } catch (error) {
    if (signal.aborted) {
      deps.log.warn({ err: error }, "recovery was told to end");
      return ENDED;
    }
    deps.log.error({ err: error }, "recovery failed");
    tell({ failure: toFailure(error) });
    return 1;
  }
}

/** @throws OperatorError `RECOVERY_OPTION_INVALID` */
export function parseRequest(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { target: text, at: text, run: text, replace: { type: "boolean" } },
      strict: true,
    });
    return ContainersRecover.data.parse({ ...values, runId: values.run });
  } catch (error) {
    throw failure("RECOVERY_OPTION_INVALID", whyInvalid(error), error);
  }
}

function whyInvalid(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("; ");
  return error instanceof Error ? error.message : String(error);
}
