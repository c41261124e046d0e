import { createEnv, type CreateOptions } from "../env-create/create-env.ts";
import { asHostName } from "../host-name.ts";
import { makeSampleEnv } from "../env-create/sample.ts";
import { formatProblem } from "@appliance/env";
import type { Context } from "../context.ts";

/** `appliance env create DOMAIN FILE`: a new env.yml with secrets of its own. Needs no service and no root. */
export async function createEnvFile(
  domain: string,
  file: string,
  options: CreateOptions,
  { terminal }: Pick<Context, "terminal">,
): Promise<void> {
  const { env, warnings } = await createEnv(domain, file, options);
  const name = env.appliance.domain;
  for (const warning of warnings) terminal.say(formatProblem(warning));
  if (name !== domain.toLowerCase()) terminal.say(`${domain} is ${name} in DNS.`);
  terminal.print(`${file} is made for ${name}, with fresh secrets; it may be read by its owner alone.`);
  terminal.print("Keep a copy of it in a safe place: without it no backup can be read.");
  if (name.includes(".")) terminal.print("The records that DNS needs stand at its top.");
  terminal.print(`What is left to decide:  appliance env check ${file}`);
}

/** `appliance env sample`: prints an env.yml to try the appliance with. */
export async function printSampleEnv(domain: string, { terminal }: Pick<Context, "terminal">): Promise<void> {
  const { text } = await makeSampleEnv({ domain: asHostName(domain) });
  terminal.print(text.trimEnd());
}
