import { parseYaml, type Position } from "@appliance/yaml11";
import { Arguments, type Argument } from "./arguments.ts";
import { readDeclarations, type Declaration } from "./declarations.ts";
import { readWork } from "./functions.ts";
import { inOrder, link, readReferences, type Node } from "./requisites.ts";
import type { Report, State, StateProblem, Work } from "./state.ts";

export interface ParsedStates {
  /** In the order in which they are carried out; empty when there is any problem. */
  states: State[];
  problems: StateProblem[];
}

/** Salt renders these marks before it reads the YAML. */
const JINJA = /\{\{|\{%|\{#[\s-]/;

/** Reads `appliance:extra:states`. Throws nothing for any text: all that is wrong with it is in `problems`. */
export function parseStates(text: string): ParsedStates {
  const jinja = JINJA.exec(text);
  if (jinja) return { states: [], problems: [refuseTemplate(positionAt(text, jinja.index))] };
  const { root, problems: faults } = parseYaml(text, { file: "states" });
  if (faults.length > 0)
    return {
      states: [],
      problems: faults.map(({ line, column, message, remedy }) => ({ line, column, message, remedy })),
    };
  if (!root || (root.kind === "scalar" && root.type === "null")) return { states: [], problems: [] };
  const problems: StateProblem[] = [];
  const report: Report = (problem) => problems.push(problem);
  if (root.kind !== "map") return { states: [], problems: [{ ...root.position, message: NOT_STATES }] };
  const read = [...root.entries].flatMap(([id, entry]) => readDeclarations(id, entry, report));
  const states = arrange(
    read.flatMap((declaration) => readDeclaration(declaration, report)),
    report,
  );
  return problems.length > 0 ? { states: [], problems: problems.sort(byPlace) } : { states, problems };
}

const NOT_STATES = "must be ids with state functions below them";

const byPlace = (a: StateProblem, b: StateProblem) => a.line - b.line || a.column - b.column;

function refuseTemplate(position: Position): StateProblem {
  return {
    ...position,
    message: "is a Jinja template, which the appliance does not render",
    remedy: "Write the values themselves instead of what stands between the braces.",
  };
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

interface Read {
  node: Node;
  work: Work;
}

const REQUISITES = ["require", "watch", "require_in", "watch_in"];

/** One state, or one for each of `names`. */
function readDeclaration(declaration: Declaration, report: Report): Read[] {
  const requisites = declaration.arguments.filter(({ key }) => REQUISITES.includes(key));
  const others = declaration.arguments.filter(({ key }) => !REQUISITES.includes(key));
  refuseTwice(declaration.arguments, report);
  const links = (key: string) =>
    requisites.filter((one) => one.key === key).flatMap(({ value }) => readReferences(value, report));
  const linked = {
    require: links("require"),
    watch: links("watch"),
    requireIn: links("require_in"),
    watchIn: links("watch_in"),
  };
  return namesOf(declaration, report).map((name) => {
    const { id, position } = declaration;
    const args = new Arguments(others, name, position, report);
    const work = readWork(declaration.function, args);
    const [module = ""] = declaration.function.split(".");
    return { node: { id, name: args.name, module, position, ...linked }, work };
  });
}

function refuseTwice(given: readonly Argument[], report: Report): void {
  for (const [index, { key, keyPosition }] of given.entries())
    if (given.findIndex((other) => other.key === key) < index)
      report({ ...keyPosition, message: `the argument '${key.slice(0, 60)}' stands there already` });
}

function namesOf({ id, arguments: given }: Declaration, report: Report): string[] {
  const names = given.find(({ key }) => key === "names")?.value;
  if (!names) return [id];
  const texts =
    names.kind === "list" ? names.items.flatMap((item) => (item.kind === "scalar" ? [item.source] : [])) : [];
  if (names.kind === "list" && texts.length === names.items.length && texts.length > 0) return texts;
  report({ ...names.position, message: "names must be a list of names" });
  return [id];
}

/** Puts each state behind those that it requires. */
function arrange(read: readonly Read[], report: Report): State[] {
  const nodes = read.map(({ node }) => node);
  const { before, watches } = link(nodes, report);
  const order = inOrder(nodes, before, report);
  const newIndex = new Map(order.map((old, index) => [old, index]));
  return order.flatMap((old) => {
    const one = read[old];
    if (!one) return [];
    const seen = one.work.function === "service.running" ? [...(watches[old] ?? [])] : [];
    const { id, position } = one.node;
    return [{ id, ...position, watches: seen.map((other) => newIndex.get(other) ?? 0), ...one.work }];
  });
}
