import { writeFileDurable } from "@appliance/files";
import { readInput } from "../read-input.ts";
import { refuseToReplace } from "../refuse-to-replace.ts";
import { readExtra } from "./extra.ts";
import { asHostName } from "../host-name.ts";
import { makeEnv, type NewEnv, type Template } from "./make-env.ts";
import { makeSampleEnv } from "./sample.ts";
import { newSecrets, type Secrets } from "./secrets.ts";

export interface CreateOptions {
  /** Files. */
  template?: string;
  extra?: string;
  sample: boolean;
  /** Replaces a file that is there. */
  force: boolean;
}

const OWNER_ALONE = 0o600;

/**
 * Makes an env.yml with fresh secrets for `domain` and writes it to `file`. What the files say is looked at before
 * the keys are made.
 * @throws OperatorError `USAGE`, `FILE_EXISTS`, those of `makeEnv` and of the write; nothing is written then
 */
export async function createEnv(
  domain: string,
  file: string,
  options: CreateOptions,
  secrets: Secrets = newSecrets,
): Promise<NewEnv> {
  const name = asHostName(domain);
  await refuseToReplace(file, options.force);
  const template = options.template ? readTemplate(options.template) : undefined;
  const extras = options.extra ? [readExtra(readInput(options.extra), { file: options.extra, domain: name })] : [];
  const make = options.sample ? makeSampleEnv : makeEnv;
  const made = await make({ domain: name, template, extras, secrets });
  await refuseToReplace(file, options.force); // the keys took a while
  await writeFileDurable(file, made.text, { mode: OWNER_ALONE });
  return made;
}

const readTemplate = (file: string): Template => ({ file, text: readInput(file).toString("utf8") });
