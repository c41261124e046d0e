import { isDeepStrictEqual } from "node:util";
import { formatProblem, parseEnvPart, toHostName } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { parseYaml, toData, type MapNode, type YamlData } from "@appliance/yaml11";
import { mergeValues } from "./merge-values.ts";

/** Values of the operator's own for a new env.yml. */
export interface Extra {
  file: string;
  values: MapNode;
}

/**
 * Reads a file of own values. They are checked like those of an env.yml; an unknown key and another domain are errors.
 * @throws OperatorError `EXTRA_INVALID` with all that is wrong, each with line and column
 */
export function readExtra(source: Uint8Array, { file, domain }: { file: string; domain: string }): Extra {
  const { document, problems } = parseEnvPart(source, { file, unknownKeys: "error" });
  const errors = problems.filter(({ severity }) => severity === "error").map(formatProblem);
  const path = ["appliance", "domain"];
  const own = document.scalarSource(path)?.text;
  if (own && toHostName(own) !== domain) {
    const { line, column } = document.positionOf(path);
    errors.push(`${file}:${line}:${column}: appliance:domain: is not ${domain}, for which the file is made`);
  }
  if (errors.length === 0 && document.root?.kind === "map") return { file, values: document.root };
  throw new OperatorError("EXTRA_INVALID", `${file} cannot be used:\n${errors.join("\n")}`, {
    remedy: `Correct ${file}; docs/env.md has all settings. Nothing was written.`,
  });
}

/**
 * The text of an env.yml with values of the operator's own in it.
 * @throws OperatorError `EXTRA_NOT_MERGED` when the text is written in a way that does not let them in
 */
export function mergeExtra(text: string, { file, values }: Extra): string {
  const merged = mergeValues(text, values);
  if (isDeepStrictEqual(dataOf(merged), withValues(dataOf(text), toData(values)))) return merged;
  throw new OperatorError("EXTRA_NOT_MERGED", `The values of ${file} cannot be put into the template.`, {
    remedy: "Write each section of the template in lines of its own, without braces and quoted keys.",
  });
}

const dataOf = (text: string) => parseYaml(text, { file: "" }).data;

/** Sections key by key, everything else as a whole; a key with nothing behind it leaves what is there. */
function withValues(base: YamlData | undefined, over: YamlData): YamlData | undefined {
  if (over === null) return base;
  if (!isSection(over)) return over;
  const merged: Section = Object.assign(Object.create(null), isSection(base) ? base : {});
  for (const [key, value] of Object.entries(over)) {
    const result = withValues(merged[key], value);
    if (result !== undefined) merged[key] = result;
  }
  return Object.keys(merged).length === 0 ? base : merged;
}

type Section = { [key: string]: YamlData };

const isSection = (data: YamlData | undefined): data is Section =>
  typeof data === "object" && data !== null && !Array.isArray(data);
