import { waitFor, type RunResult } from "../../../tools/lab/index.ts";
import { SOON_MS, type Appliance } from "./appliance.ts";
import { jobLines } from "./deliveries.ts";

/** An apply that replaces the application's containers, asked for by the command. */
export interface ApplyUnderWay {
  /** What the containers have in their environment once it is done. */
  mark: string;
  ended: Promise<RunResult>;
}

export function beginApply(appliance: Appliance): ApplyUnderWay {
  const mark = appliance.changeSettings();
  return { mark, ended: appliance.cli("apply") };
}

/** The same, once it waits for update-agent to bring the containers up. */
export async function beginAndWaitForContainers(appliance: Appliance): Promise<ApplyUnderWay> {
  const count = async () => jobLines(await appliance.logs("update-agent"), "containers.up").length;
  const before = await count();
  const begun = beginApply(appliance);
  await waitFor("update-agent to bring the containers up", SOON_MS, async () => (await count()) > before);
  return begun;
}

/** Whether the application serves with a change of ecs:settings. */
export async function isInPlace(appliance: Appliance, mark: string): Promise<boolean> {
  const containers = await appliance.containers();
  const marked = ["ecs.web", "ecs.worker"].every((service) => {
    const one = containers.get(service);
    return one?.State.Running && one.Config.Env.join("\n").includes(mark);
  });
  return marked && (await appliance.serves()) && (await appliance.status()).status.phase === "ready";
}
