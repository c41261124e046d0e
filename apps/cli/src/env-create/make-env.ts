import { dnsRecords, formatRecords } from "@appliance/dns";
import { formatProblem, parseEnv, parseEnvPart, type Env, type Problem } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { mergeExtra, type Extra } from "./extra.ts";
import { fillIn, type Filled } from "./placeholders.ts";
import { newSecrets, type Secrets } from "./secrets.ts";
import { defaultTemplate } from "./template.ts";

export interface Template {
  file: string;
  text: string;
}

export interface Wishes {
  /** As DNS has it. */
  domain: string;
  /** In place of the appliance's own. */
  template?: Template | undefined;
  /** Each goes over what was there before. */
  extras?: Extra[];
  secrets?: Secrets;
}

export interface NewEnv {
  text: string;
  env: Env;
  /** Doubts about a template of the operator's own. */
  warnings: Problem[];
}

/**
 * The text of a new env.yml with secrets of its own. Reads no file and needs no service.
 * @throws OperatorError `TEMPLATE_INVALID`, `EXTRA_NOT_MERGED`, `ENV_INVALID` when the whole would not be accepted
 */
export async function makeEnv({ domain, template, extras = [], secrets = newSecrets }: Wishes): Promise<NewEnv> {
  const { file, text } = template ?? { file: "the template", text: defaultTemplate() };
  const filled = await fillIn(text, { file, domain, secrets });
  const warnings = checkTemplate(filled, file);
  const merged = extras.reduce(mergeExtra, filled.text);
  const env = checkWhole(merged);
  return { text: withRecords(merged, env), env, warnings };
}

/** What is wrong by itself is told where it stands in the template; what is missing, `extras` may have. */
function checkTemplate(filled: Filled, file: string): Problem[] {
  const { problems } = parseEnvPart(Buffer.from(filled.text), { file, unknownKeys: "warning" });
  const located = problems.map((problem) => ({ ...problem, line: filled.lineOf(problem.line) }));
  const errors = located.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return located;
  throw new OperatorError(
    "TEMPLATE_INVALID",
    `${file} does not make an env.yml:\n${errors.map(formatProblem).join("\n")}`,
    {
      remedy: "Correct the template; docs/env.md has all settings. Nothing was written.",
    },
  );
}

/** Lines would mean nothing to the reader: the file was not written. */
function checkWhole(text: string): Env {
  const { env, problems } = parseEnv(Buffer.from(text), { file: "" });
  if (env) return env;
  const errors = problems.filter(({ severity }) => severity === "error");
  const list = errors.map(({ path, message }) => `${path}: ${message}`).join("\n");
  throw new OperatorError("ENV_INVALID", `The new env.yml would not be accepted:\n${list}`, {
    remedy: "Correct the template or the values of --extra. Nothing was written.",
  });
}

/** The records that DNS needs, as comments below those at the top. A name without a dot has no records. */
function withRecords(text: string, { appliance: { domain, dkim } }: Env): string {
  if (!domain.includes(".")) return text;
  const records = formatRecords(dnsRecords({ domain, dkimPrivateKey: dkim.key }));
  const comment = [
    "",
    "What DNS needs, as lines of a zone file (appliance dns --check asks DNS for them):",
    "",
    ...records.split("\n"),
  ];
  const lines = text.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  return lines.toSpliced(end, 0, ...comment.map((line) => `# ${line}`.trimEnd())).join("\n");
}
