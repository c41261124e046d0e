import { formatInstant } from "@appliance/calendar";
import { toFailure } from "@appliance/errors";
import type { Log, Step } from "@appliance/jobs";
import type { Goal } from "../apply-config.ts";
import type { PulledData } from "../recovery/pulled-data.ts";
import type { FailureFile } from "./failure.ts";
import type { Status } from "./status.ts";

/** What the appliance came to, and what of `taken` could not be done. */
export async function tellGoal(
  goal: Goal,
  { status, pulled }: StandbyDeps,
  taken: readonly Step[] = [],
): Promise<void> {
  if (goal === "running") {
    const { phase, steps } = status.get();
    if (phase === "ready" && steps.length === 0) return;
    return status.settle({ phase: "ready", headline: "The application is in service", ...notDone(taken) });
  }
  await status.show(true);
  if (goal === "standby")
    return status.settle({ phase: "standby", headline: STANDS_BY, hint: await standbyHint({ pulled }) });
  return status.settle({
    phase: "stopped",
    headline: "Stopped by the operator",
    hint: "`appliance start` starts the application again.",
  });
}

interface StandbyDeps {
  status: Status;
  pulled: PulledData;
}

const STANDS_BY = "The server stands by";

async function standbyHint({ pulled }: Pick<StandbyDeps, "pulled">): Promise<string> {
  const held = await pulled.read();
  const what = held ? `It holds the backup of ${formatInstant(new Date(held.point.at))} from ${held.target}. ` : "";
  return `${what}\`appliance activate\` makes it the live one.`;
}

const NOTHING_PULLED = "`appliance activate` would start it with what it holds itself, which is of no pull.";

/** A pull that failed: what the host stands by with is as it was. */
export async function tellFailedPull(
  thrown: unknown,
  deps: StandbyDeps & { log: Log },
  signal: AbortSignal,
): Promise<void> {
  const err: unknown = signal.aborted ? signal.reason : thrown;
  const { code, message, remedy } = toFailure(err);
  deps.log.error({ err, code }, "the backup of the live host could not be pulled");
  const held = (await deps.pulled.read()) ? await standbyHint(deps) : NOTHING_PULLED;
  const hint = `The last pull failed: ${message} → ${remedy} (${code}) ${held}`;
  await deps.status.settle({ phase: "standby", headline: STANDS_BY, hint });
}

/** An optional part that failed would be seen by nobody but who ran that apply. */
function notDone(taken: readonly Step[]): { hint?: string } {
  const failed = taken.filter((step) => step.failed !== undefined);
  return failed.length === 0
    ? {}
    : { hint: failed.map((step) => `Not done: ${step.summary}: ${step.failed}`).join("; ") };
}

interface FailureDeps {
  failure: FailureFile;
  status: Status;
  log: Log;
  /** Whether the application answers now. */
  answers: (domain: string, signal: AbortSignal) => Promise<boolean>;
}

const LAST_LOOK_MS = 10_000;

/**
 * The failure file, the page and the log. The page does not take the application's place where that still serves. A host
 * without env.yml has not failed, it waits. When `signal` has aborted, the run's time was up, and that is the failure.
 */
export async function tellFailure(thrown: unknown, deps: FailureDeps, signal: AbortSignal): Promise<void> {
  const { failure, status, log } = deps;
  const err: unknown = signal.aborted ? signal.reason : thrown;
  const told = toFailure(err);
  log.error({ err, code: told.code }, "applying the configuration failed");
  if (told.code === "ENV_ABSENT") {
    await status.settle({ phase: "unconfigured", headline: "This server is not configured yet", hint: told.remedy });
    return;
  }
  const tellings = [
    () => failure.write(told),
    () => status.fail({ ...told, since: new Date().toISOString() }),
    () => giveWayIfServing(deps, signal.aborted ? AbortSignal.timeout(LAST_LOOK_MS) : signal),
  ];
  await tellAll(tellings, log);
}

/** A failure that cannot be told in one place is told in the others, and stays the one that is thrown. */
async function tellAll(tellings: readonly (() => Promise<void>)[], log: Log): Promise<void> {
  for (const tell of tellings)
    try {
      await tell();
    } catch (reason) {
      log.error({ err: reason }, "the failure could not be told everywhere");
    }
}

/** The page was put up for a change that did not come about, and the application may be as it was before. */
async function giveWayIfServing({ status, answers }: FailureDeps, signal: AbortSignal): Promise<void> {
  const { domain } = status.get();
  if (domain === undefined || (await status.isServing())) return;
  if (await answers(domain, signal)) await status.show(false);
}
