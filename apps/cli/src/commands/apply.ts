import { ConfigApplyResult, StatusAnswer, type AppliedStep } from "../shapes.ts";
import type { Context } from "../context.ts";
import { followJob } from "../follow-job.ts";

interface ApplyOptions {
  dryRun: boolean;
  json: boolean;
  /** Also start an application that the operator stopped. */
  start: boolean;
  /** Devices that the storage setup may take although they carry something. */
  forceStorage?: string[];
}

/** `appliance apply`: the running appliance becomes what env.yml says. */
export async function apply(options: ApplyOptions, { api, terminal }: Context): Promise<void> {
  const { dryRun, json, start, forceStorage = [] } = options;
  if (!json) terminal.say(dryRun ? "Comparing env.yml with the appliance" : "Applying env.yml");
  const say = json ? () => {} : terminal.say;
  const data = { requestedBy: "cli", dryRun, start, reason: "operator", forceStorage };
  const result = ConfigApplyResult.parse(await followJob(api, { queue: "config", name: "config.apply", data }, say));
  if (json) return terminal.json(result);
  terminal.print(describe(result.steps, dryRun));
  // Who applies to an application that was stopped should not take it for running.
  const { phase, headline, hint } = StatusAnswer.parse(await api.get("/status"));
  if (phase !== "ready") terminal.print(`${headline}. ${hint ?? ""}`.trim());
}

function describe(steps: readonly AppliedStep[], dryRun: boolean): string {
  if (steps.length === 0) return "Nothing to do: the appliance is what env.yml says.";
  const count = steps.length === 1 ? "1 step" : `${steps.length} steps`;
  const failed = steps.filter((step) => step.failed !== undefined).length;
  const done = failed === 0 ? `${count} done:` : `${count}, ${failed} of them not done:`;
  return [dryRun ? `${count} to do:` : done, ...steps.map(describeStep)].join("\n");
}

function describeStep({ summary, changes, restarts, downtime, failed }: AppliedStep): string {
  const lines = [`- ${summary}`, ...changes.map(describeChange)];
  if (restarts.length > 0) lines.push(`    restarts: ${restarts.join(", ")}`);
  if (downtime) lines.push(`    downtime: ${downtime}`);
  if (failed) lines.push(`    not done: ${failed}`);
  return lines.join("\n");
}

export function describeChange({ what, from, to }: AppliedStep["changes"][number]): string {
  if (from === undefined && to === undefined) return `    ${what}`;
  return `    ${what}: ${from ?? "(new)"} → ${to ?? "(removed)"}`;
}
