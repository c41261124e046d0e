import { redactedChanges, parseEnv, type Env } from "@appliance/env";
import { flattenToRecord } from "@appliance/flat-yaml";
import type { Host } from "@appliance/host";
import type { Change } from "@appliance/jobs";
import { parseYaml } from "@appliance/yaml11";
import type { Wanted } from "./capability.ts";
import { checkEnv, type EnvSource } from "./env-source.ts";
import { PATHS } from "./paths.ts";
import type { RootFiles } from "./root-files.ts";

export interface WantedDeps {
  host: Host;
  files: RootFiles;
}

const TREES = ["ecs", "appliance"];

/** What an env.yml and the machine ask for now. @throws OperatorError `ENV_INVALID` */
export async function readWanted(source: EnvSource, { host, files }: WantedDeps): Promise<Wanted> {
  const { env } = checkEnv(source);
  const { memoryMb, cores, timeZone } = await host.facts();
  return {
    env,
    source: source.name,
    text: source.text,
    flat: flatten(source),
    changes: await changesSince(files, source, env),
    timeZone,
    memoryMb,
    cores,
  };
}

function flatten({ text, name }: EnvSource): Record<string, string> {
  return flattenToRecord(parseYaml(text, { file: name }), TREES);
}

/** What differs from the configuration that is active; nothing for the first one, which would be all of it. */
export async function changesSince(files: RootFiles, { text }: EnvSource, env: Env): Promise<Change[]> {
  const active = await files.read(PATHS.activeEnv);
  if (active?.equals(text)) return [];
  const before = active && parseEnv(active, { file: PATHS.activeEnv }).env;
  if (!before) return [];
  return redactedChanges(before, env).map(({ path, before: from, after: to }) => ({
    what: path,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }));
}
