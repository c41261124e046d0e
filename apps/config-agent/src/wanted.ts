import { redactedChanges, parseEnv, type Env } from "@appliance/env";
import { flattenToRecord } from "@appliance/flat-yaml";
import type { Host } from "@appliance/host";
import type { Change, ConfigApply } from "@appliance/jobs";
import { parseYaml } from "@appliance/yaml11";
import type { Wanted } from "./capability.ts";
import { checkEnv, envInvalid, type EnvSource } from "./env-source.ts";
import { PATHS } from "./paths.ts";
import type { RootFiles } from "./root-files.ts";
import { lastTlsTexts, readTlsTexts, type TlsTexts } from "./tls-texts.ts";

export interface WantedDeps {
  host: Host;
  files: RootFiles;
}

const TREES = ["ecs", "appliance"];

/** What an env.yml and the machine ask for now. @throws OperatorError `ENV_INVALID`, also for what is in files that it names */
export async function readWanted(
  source: EnvSource,
  { host, files }: WantedDeps,
  reason?: ConfigApply["reason"],
): Promise<Wanted> {
  const checked = checkEnv(source);
  const { env } = checked;
  const tls = (await keptTexts(reason, files)) ?? (await wantedTexts(source, checked, files));
  const { memoryMb, cores, timeZone } = await host.facts();
  return {
    env,
    tls,
    source: source.name,
    text: source.text,
    flat: flatten(source),
    changes: await changesSince(files, source, env),
    timeZone,
    memoryMb,
    cores,
  };
}

/** A repair brings back what ran: files that are gone since keep it from nothing. */
async function keptTexts(reason: ConfigApply["reason"] | undefined, files: RootFiles): Promise<TlsTexts | undefined> {
  return reason === "repair" ? lastTlsTexts(files) : undefined;
}

async function wantedTexts(
  source: EnvSource,
  checked: ReturnType<typeof checkEnv>,
  files: RootFiles,
): Promise<TlsTexts> {
  const { texts, problems } = await readTlsTexts(checked, files);
  if (problems.length > 0) throw envInvalid(source, problems);
  return texts;
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
