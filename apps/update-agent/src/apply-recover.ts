import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import type { BackupProgress, Log, Recovered } from "@appliance/jobs";
import type { OneOffOrder } from "./compose.ts";
import type { ComposeGroup } from "./compose-group.ts";
import type { Docker, OneOff } from "./docker.ts";
import { withOneOff, type OneOffTools } from "./one-off.ts";
import { latestProgress, verdictOf } from "./plan-recover.ts";

export interface RecoverTools extends OneOffTools {
  log: Log;
  progress: (progress: BackupProgress) => void;
}

const LOOK_EVERY_MS = 1000;
/** The verdict is the last line; a few more, for what a library may print while the process ends. */
const LAST_LINES = 20;
/** Of its own log, which goes with the container. */
const LOG_LINES = 200;

/**
 * Runs the one-shot container of a recovery to its end, through restarts of this agent, and says what it prints. One that was cut
 * off while nobody watched, by a reboot, is started once more: it goes on by its own journal.
 * @throws OperatorError what the recovery failed with, `RECOVERY_ELSEWHERE` while another one is at work, `RECOVERY_CUT_OFF`
 */
export async function applyRecover(
  group: ComposeGroup,
  order: OneOffOrder,
  tools: RecoverTools,
  signal: AbortSignal,
): Promise<Recovered> {
  const { docker, log } = tools;
  await refuseAnother(group, order, docker);
  await discardCutOff(order.name, docker);
  return withOneOff(group, order, tools, signal, async (id) => {
    const exitCode = await watch(id, tools, signal);
    const verdict = verdictOf(exitCode, await docker.output(id, LAST_LINES));
    if (verdict && "result" in verdict) return verdict.result;
    log.error({ exitCode, log: await docker.logs(id, LOG_LINES) }, "the recovery did not come to its end");
    throw verdict ? asError(verdict.failure) : cutOff(exitCode);
  });
}

/** Two would write into the same folders. One of an earlier run is still at work where its asker's time was up. */
async function refuseAnother({ name }: ComposeGroup, order: OneOffOrder, docker: Docker): Promise<void> {
  const others = (await docker.listOneOffs(name, order.service)).filter((other) => other.container !== order.name);
  for (const other of others) if (other.state === "running") throw elsewhere(other.container);
  for (const { id } of others) await docker.remove(id);
}

/** Its verdict would be that of the reboot. */
async function discardCutOff(name: string, docker: Docker): Promise<void> {
  const found = await docker.findOneOff(name);
  if (!found || !hasEnded(found)) return;
  if (verdictOf(found.exitCode, await docker.output(found.id, LAST_LINES)) === undefined) await docker.remove(found.id);
}

/** The exit code, once it has ended; -1 when another hand took it away. */
async function watch(id: string, { docker, progress }: RecoverTools, signal: AbortSignal): Promise<number> {
  for (let told = ""; ;) {
    const found = await docker.findOneOff(id);
    if (!found) return -1;
    const latest = latestProgress(await docker.output(id, LAST_LINES));
    if (latest && JSON.stringify(latest) !== told) progress(latest);
    told = JSON.stringify(latest) ?? told;
    if (hasEnded(found)) return found.exitCode;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

function hasEnded({ state }: OneOff): boolean {
  return state === "exited" || state === "dead";
}

function asError({ code, message, remedy }: { code: string; message: string; remedy: string }): OperatorError {
  return new OperatorError(code, message, { remedy });
}

function elsewhere(container: string): OperatorError {
  return new OperatorError("RECOVERY_ELSEWHERE", `Another recovery is at work in the container ${container}.`, {
    remedy: `Wait until it has ended, or end it with \`docker stop ${container}\`, then try again.`,
  });
}

function cutOff(exitCode: number): OperatorError {
  return new OperatorError(
    "RECOVERY_CUT_OFF",
    `The recovery ended with exit code ${exitCode} and did not say what it came to.`,
    {
      remedy:
        "Read its last lines with `appliance logs update-agent`, then run `appliance recover --yes-i-am-sure` again: it goes on where it was.",
    },
  );
}
