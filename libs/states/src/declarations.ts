import { suggest } from "@appliance/errors";
import type { MapEntry, Position, YamlNode } from "@appliance/yaml11";
import type { Argument } from "./arguments.ts";
import { FUNCTION_NAMES, isFunctionName } from "./functions.ts";
import type { FunctionName, Report } from "./state.ts";

/** A function below an id, with its arguments not yet read. */
export interface Declaration {
  id: string;
  function: FunctionName;
  position: Position;
  arguments: Argument[];
}

/** Salt's own words at the top level. */
const TOP_LEVEL = new Set(["include", "exclude", "extend"]);
const NO_FILES = "The states of env.yml stand alone: write what you need into them.";

/** All functions of one id: `module.function`, or `module` with the function as an item of its list. */
export function readDeclarations(id: string, { value, keyPosition }: MapEntry, report: Report): Declaration[] {
  if (TOP_LEVEL.has(id)) {
    report({ ...keyPosition, message: `'${id}' is not carried out`, remedy: NO_FILES });
    return [];
  }
  if (value.kind === "scalar" && value.type === "string")
    return declare(id, value.source, value.position, undefined, report);
  if (value.kind === "map" && value.entries.size > 0)
    return [...value.entries].flatMap(([name, entry]) => declare(id, name, entry.keyPosition, entry.value, report));
  report({ ...keyPosition, message: "must have a function below it, as in 'pkg.installed:'" });
  return [];
}

function declare(
  id: string,
  name: string,
  position: Position,
  value: YamlNode | undefined,
  report: Report,
): Declaration[] {
  const items = itemsOf(value, report);
  const { full, rest } = name.includes(".") ? { full: name, rest: items } : withFunction(name, items);
  if (!isFunctionName(full)) {
    refuseFunction(full, position, report);
    return [];
  }
  return [{ id, function: full, position, arguments: rest.flatMap((item) => argumentOf(item, report)) }];
}

function itemsOf(value: YamlNode | undefined, report: Report): readonly YamlNode[] {
  if (!value || (value.kind === "scalar" && value.type === "null")) return [];
  if (value.kind === "list") return value.items;
  report({ ...value.position, message: "must be a list of arguments, each line with '- ' in front" });
  return [];
}

/** The older way to write it: `pkg: [installed, {name: curl}]`. */
function withFunction(module: string, items: readonly YamlNode[]) {
  const found = items.find((item) => item.kind === "scalar" && item.type === "string");
  const name = found?.kind === "scalar" ? found.source : "";
  return { full: `${module}.${name}`, rest: items.filter((item) => item !== found) };
}

function refuseFunction(name: string, position: Position, report: Report): void {
  const near = suggest(name, FUNCTION_NAMES);
  report({
    ...position,
    message: `the state function '${name.slice(0, 60)}' is not carried out by the appliance`,
    ...(near === undefined ? {} : { suggestion: near }),
    remedy: `It carries out ${FUNCTION_NAMES.join(", ")}.`,
  });
}

function argumentOf(item: YamlNode, report: Report): Argument[] {
  if (item.kind === "map" && item.entries.size > 0)
    return [...item.entries].map(([key, { keyPosition, value }]) => ({ key, keyPosition, value }));
  report({ ...item.position, message: "must be an argument, as in '- name: value'" });
  return [];
}
