import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import type { Context } from "../context.ts";
import { followJob } from "../follow-job.ts";
import { tellSystemd } from "../tell-systemd.ts";
import { apply } from "./apply.ts";

const ANSWERS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 300;
/** What no agent starts, since it takes all of them to start anything. */
const CONTROL_STAGE = new Set(["queue", "config-agent", "update-agent", "nginx"]);

/** `appliance start`: from nothing if need be. The control stage by compose, the rest by config-agent. */
export async function start(options: { json: boolean; boot: boolean }, context: Context): Promise<void> {
  const { api, compose, terminal } = context;
  if (!(await answers(api)) || (await controlStageLacks(context))) {
    terminal.say("Starting the agents");
    await compose.upCore(() => {});
    await waitForAgent(context);
  }
  if (options.boot) return startAtBoot(context);
  await apply({ dryRun: false, json: options.json, start: true }, context);
  await tellSystemd("start", context);
}

/** As the host starts: what the operator stopped stays stopped, and a failure that is not cleared stays one. */
async function startAtBoot({ api, terminal }: Context): Promise<void> {
  await followJob(
    api,
    { queue: "config", name: "config.apply", data: { requestedBy: "boot", reason: "boot" } },
    terminal.say,
  );
}

/** `appliance stop`: the application goes, the status page stays and says so, also after a reboot. */
export async function stop({ all }: { all: boolean }, context: Context): Promise<void> {
  await (all ? stopAll(context) : stopApplication(context));
  await tellSystemd("stop", context);
}

async function stopApplication({ api, terminal }: Context): Promise<void> {
  terminal.say("Stopping the application");
  await followJob(api, { queue: "config", name: "config.stop", data: { requestedBy: "cli" } }, terminal.say);
  terminal.print("Stopped. `appliance start` starts it again; until then a page says so.");
}

async function stopAll({ compose, installation, terminal }: Context): Promise<void> {
  terminal.say("Stopping the application and all agents");
  for (const project of [installation.applicationProject, installation.coreProject])
    await compose.stop(project, terminal.say);
  // As after a boot: what was in service is not, until it is started again.
  for (const name of ["phase", "hooks.json"]) rmSync(`${installation.root}/run/appliance/${name}`, { force: true });
  terminal.print("Everything is stopped. `appliance start` starts it again.");
}

/** Whether a part was stopped by hand: the engine brings back alone what fell over. */
async function controlStageLacks({ compose, installation }: Context): Promise<boolean> {
  const containers = await compose.list(installation.coreProject);
  return containers.some(({ service, state }) => CONTROL_STAGE.has(service) && state !== "running");
}

async function waitForAgent({ api }: Context): Promise<void> {
  const deadline = performance.now() + ANSWERS_WITHIN_MS;
  while (!(await answers(api))) {
    if (performance.now() > deadline)
      throw new OperatorError("AGENT_UNREACHABLE", "config-agent was started and does not answer.", {
        remedy: "Read why with `appliance logs config-agent`.",
      });
    await sleep(LOOK_EVERY_MS);
  }
}

async function answers(api: Context["api"]): Promise<boolean> {
  try {
    await api.get("/status");
    return true;
  } catch (err) {
    if (err instanceof OperatorError && (err.code === "AGENT_UNREACHABLE" || err.code === "NOT_PREPARED")) return false;
    throw err;
  }
}
