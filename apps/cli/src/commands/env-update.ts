import type { Context } from "../context.ts";
import { followJob } from "../follow-job.ts";
import { EnvUpdateResult } from "../shapes.ts";
import { describeChange } from "./apply.ts";
import { describePassedOver } from "./status.ts";

/** `appliance env update`: the env.yml that is found becomes the active one, if it is right; nothing is started or changed. */
export async function updateEnv(options: { json: boolean }, { api, terminal }: Context): Promise<void> {
  const request = { queue: "config", name: "env.update", data: { requestedBy: "cli" } };
  const result = EnvUpdateResult.parse(await followJob(api, request, () => {}));
  if (options.json) return terminal.json(result);
  for (const warning of result.warnings) terminal.say(warning);
  terminal.print(describe(result).join("\n"));
}

function describe({ source, sha256, before, changes, passedOver }: EnvUpdateResult): string[] {
  const same = before === sha256;
  return [
    `${source} is ${same ? "the active configuration already" : "now the active configuration"}.`,
    `  sha256 ${sha256}`,
    ...describePassedOver(passedOver),
    ...changes.map(describeChange),
    ...(same ? [] : ["`appliance apply` carries it out."]),
  ];
}
