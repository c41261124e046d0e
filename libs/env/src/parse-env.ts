import { parseYaml, type YamlData, type YamlDocument } from "@appliance/yaml11";
import { joinPath, Place, type PartRules } from "./place.ts";
import type { Problem } from "./problem.ts";
import type { AnySetting } from "./setting.ts";
import { settings, type Env } from "./settings.ts";

export interface ParsedEnv {
  /** Undefined if and only if a problem is an error. */
  env: Env | undefined;
  /** In the order of the file. */
  problems: Problem[];
  /** The file as it is, unknown keys included, for `flat-yaml`; undefined when it is no YAML within the limits. */
  data: YamlData | undefined;
  /** Where everything stands. */
  document: YamlDocument;
}

/**
 * Reads a whole env.yml and reports all that is wrong with it at once. Throws nothing for any content.
 * @param options.file how problems call the file
 */
export function parseEnv(source: Uint8Array, { file }: { file: string }): ParsedEnv {
  const document = parseYaml(source, { file });
  const { data } = document;
  if (data === undefined) return { env: undefined, problems: document.problems.map(toError), data, document };
  if (!isSettings(data)) return { env: undefined, problems: [nothingSet(file)], data, document };
  const { env, problems } = readSettings(document, source);
  const all = [...checkFirstLine(source, file), ...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const refused = all.some(({ severity }) => severity === "error");
  return { env: refused || env === undefined ? undefined : withDependentDefaults(env), problems: all, data, document };
}

/** What `parseEnvPart` makes of its file. */
export interface EnvPart {
  problems: Problem[];
  document: YamlDocument;
}

/**
 * Reads a file that has some of the settings of an env.yml. What only the whole can tell, such as a setting that is missing,
 * is left to `parseEnv`.
 * @param options.unknownKeys how a key is met that is not in the table
 */
export function parseEnvPart(source: Uint8Array, options: { file: string; unknownKeys: Problem["severity"] }): EnvPart {
  const document = parseYaml(source, { file: options.file, top: "map" });
  if (document.data === undefined) return { problems: document.problems.map(toError), document };
  return { problems: readSettings(document, source, { unknownKeys: options.unknownKeys }).problems, document };
}

function readSettings(
  document: YamlDocument,
  source: Uint8Array,
  part?: PartRules,
): { env: Env | undefined; problems: Problem[] } {
  const problems: Problem[] = [];
  const lines = Buffer.from(source).toString("utf8").split(/\r?\n/);
  const reading = { file: document.file, document, lines, problems, knownPaths: pathsBelow(settings, []), part };
  return { env: settings.read(new Place(reading, [], document.data)), problems };
}

const toError = (problem: Omit<Problem, "severity" | "path">): Problem => ({ ...problem, severity: "error", path: "" });

const isSettings = (data: YamlData) => typeof data === "object" && data !== null && !Array.isArray(data);

function nothingSet(file: string): Problem {
  const remedy = "Make a new file with `appliance env create DOMAIN FILE`, or put back a saved copy.";
  return { ...toError({ file, line: 1, column: 1, message: "the file has no settings" }), remedy };
}

const FIRST_LINE = "#cloud-config";

function checkFirstLine(source: Uint8Array, file: string): Problem[] {
  const [line = ""] = Buffer.from(source)
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .split("\n", 1);
  if (line.trimEnd() === FIRST_LINE) return [];
  const message = `the first line is not '${FIRST_LINE}', without which cloud-init ignores the file`;
  return [{ ...toError({ file, line: 1, column: 1, message }), severity: "warning" }];
}

function pathsBelow({ fields }: AnySetting, path: string[]): string[] {
  return Object.entries(fields ?? {}).flatMap(([key, field]) => {
    const below = [...path, key];
    return [joinPath(below), ...pathsBelow(field, below)];
  });
}

/** What another setting decides when it is not set itself. */
function withDependentDefaults(env: Env): Env {
  const { domain, allowed_hosts, ssl } = env.appliance;
  const client_certs_mandatory = ssl.client_certs_mandatory || ssl.letsencrypt.client_certs_mandatory;
  return {
    ...env,
    appliance: {
      ...env.appliance,
      allowed_hosts: allowed_hosts.length === 0 ? [domain] : allowed_hosts,
      ssl: { ...ssl, client_certs_mandatory },
    },
  };
}
