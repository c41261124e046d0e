import { parseEnv, secretsOf } from "@appliance/env";
import type { Appliance } from "./appliance.ts";

const LEAST_CHARACTERS = 16;

/**
 * Every secret of the env.yml and of the database, as a whole and line by line: a text of many lines is found too where it
 * was broken, indented or escaped.
 */
export function envSecrets(appliance: Appliance): string[] {
  const { env } = parseEnv(appliance.read("app/env.yml"), { file: "env.yml" });
  if (!env) throw new Error("env.yml is broken");
  const settings = [...(env.ecs.settings ?? "").matchAll(/'([^']+)'/g)].map(([, value]) => value ?? "");
  const [, database = ""] = /:\/\/app:([^@]+)@/.exec(appliance.read("data/etc/ecs/database_url.env").toString()) ?? [];
  const lines = secretsOf(env).flatMap((secret) => secret.split("\n").map((line) => line.trim()));
  return [...new Set([...lines.filter(isSecret), ...settings.filter(isRandom), database])];
}

/** Lines of a secret text that anybody may know: the frame of a key, the names of Django's settings. */
const isSecret = (line: string) =>
  line.length >= LEAST_CHARACTERS && !/^(-----|=|#)/.test(line) && !line.includes(" = ");
const isRandom = (value: string) => /^[A-Za-z0-9+/=]{32,}$/.test(value);
