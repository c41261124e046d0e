import type { ServiceContainer } from "./docker.ts";

export type Judgement = { state: "ready" } | { state: "waiting"; why: string } | { state: "failed"; why: string };

/** A container without a health check that ends by itself mostly does so at once. */
const SETTLED_AFTER_MS = 2000;
const MOST_RESTARTS = 3;
/** One that was unhealthy before is given time to notice that what it lacked has come. */
const RECOVERY_MS = 45_000;

const READY: Judgement = { state: "ready" };

/**
 * Whether a container that was asked to run does, `waitedMs` after the waiting began. `fresh` is one that was started for this
 * waiting: its health check has used up its own patience before it says unhealthy. Pure.
 */
export function judgeContainer(container: ServiceContainer, fresh: boolean, waitedMs: number, now: Date): Judgement {
  const { state, exitCode, restartCount, restartPolicy, health } = container;
  if (state === "running") return judgeRunning(container, fresh, waitedMs, now);
  if (state === "restarting" && restartCount >= MOST_RESTARTS)
    return { state: "failed", why: `has ended ${restartCount} times, last with exit code ${exitCode}` };
  if (state === "exited" && exitCode === 0 && restartPolicy === "no" && health === null) return READY; // it had one thing to do
  if (state === "exited" || state === "dead") return { state: "failed", why: `has ended with exit code ${exitCode}` };
  if (state === "paused") return { state: "failed", why: "is paused" };
  return { state: "waiting", why: `is ${state}` };
}

function judgeRunning(
  { health, healthOutput, startedAt }: ServiceContainer,
  fresh: boolean,
  waitedMs: number,
  now: Date,
): Judgement {
  if (health === "healthy") return READY;
  if (health === "starting") return { state: "waiting", why: "is starting" };
  if (health === "unhealthy") {
    const why = `is unhealthy${healthOutput ? ` (its check says: ${healthOutput.slice(0, 300)})` : ""}`;
    return { state: fresh || waitedMs >= RECOVERY_MS ? "failed" : "waiting", why };
  }
  const ranMs = now.getTime() - Date.parse(startedAt ?? "");
  return ranMs >= SETTLED_AFTER_MS ? READY : { state: "waiting", why: "is starting" };
}
