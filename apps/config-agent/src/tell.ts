import { toFailure } from "@appliance/errors";
import type { Log } from "@appliance/jobs";
import type { Goal } from "./apply-config.ts";
import type { FailureFile } from "./failure.ts";
import type { Status } from "./status.ts";

/** What the appliance came to. */
export async function tellGoal(goal: Goal, status: Status): Promise<void> {
  if (goal === "running") {
    const { phase, steps } = status.get();
    if (phase === "ready" && steps.length === 0) return;
    return status.settle({ phase: "ready", headline: "The application is in service" });
  }
  await status.show(true);
  if (goal === "standby")
    return status.settle({
      phase: "standby",
      headline: "The server stands by",
      hint: "Remove `appliance:standby` from env.yml and run `appliance apply` to put it into service.",
    });
  return status.settle({
    phase: "stopped",
    headline: "Stopped by the operator",
    hint: "`appliance start` starts the application again.",
  });
}

interface FailureDeps {
  failure: FailureFile;
  status: Status;
  log: Log;
}

/**
 * The failure file, the page and the log. The page does not take the application's place where that still serves. A host
 * without env.yml has not failed, it waits.
 */
export async function tellFailure(err: unknown, { failure, status, log }: FailureDeps): Promise<void> {
  const told = toFailure(err);
  log.error({ err, code: told.code }, "applying the configuration failed");
  if (told.code === "ENV_ABSENT") {
    await status.settle({ phase: "unconfigured", headline: "This server is not configured yet", hint: told.remedy });
    return;
  }
  await failure.write(told);
  await status.fail({ ...told, since: new Date().toISOString() });
}
