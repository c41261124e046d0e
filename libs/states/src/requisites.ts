import type { Position, YamlNode } from "@appliance/yaml11";
import type { Report } from "./state.ts";

/** What another state is called by: `file: /etc/x`, or the id alone. */
export interface Reference {
  module: string | undefined;
  name: string;
  position: Position;
}

/** A state as far as references and their order are concerned. */
export interface Node {
  id: string;
  /** What it acts on: a path, a package, a command. */
  name: string;
  module: string;
  position: Position;
  require: Reference[];
  watch: Reference[];
  requireIn: Reference[];
  watchIn: Reference[];
}

/** Which states come before which, by index. */
export interface Links {
  before: Set<number>[];
  watches: Set<number>[];
}

const NOT_ONE = "must be a list of states, each as 'file: /etc/x' or by its id";

export function readReferences(value: YamlNode, report: Report): Reference[] {
  if (value.kind !== "list") {
    report({ ...value.position, message: NOT_ONE });
    return [];
  }
  return value.items.flatMap((item): Reference[] => {
    const { position } = item;
    if (item.kind === "scalar") return [{ module: undefined, name: item.source, position }];
    const entries = item.kind === "map" ? [...item.entries] : [];
    const named = entries.flatMap(([module, entry]) =>
      entry.value.kind === "scalar" ? [{ module, name: entry.value.source, position }] : [],
    );
    if (named.length === 0) report({ ...position, message: NOT_ONE });
    return named;
  });
}

/** Finds what the references mean. One that means nothing is reported at its place. */
export function link(nodes: readonly Node[], report: Report): Links {
  const before = nodes.map(() => new Set<number>());
  const watches = nodes.map(() => new Set<number>());
  for (const [index, node] of nodes.entries()) {
    for (const other of found([...node.require, ...node.watch], nodes, report)) before[index]?.add(other);
    for (const other of found(node.watch, nodes, () => {})) watches[index]?.add(other);
    for (const other of found([...node.requireIn, ...node.watchIn], nodes, report)) before[other]?.add(index);
    for (const other of found(node.watchIn, nodes, () => {})) watches[other]?.add(index);
  }
  return { before, watches };
}

function found(references: readonly Reference[], nodes: readonly Node[], report: Report): number[] {
  return references.flatMap(({ module, name, position }) => {
    const matches = nodes.flatMap((node, index) => (isMeant(node, module, name) ? [index] : []));
    if (matches.length === 0) report({ ...position, message: "no state of this name and module is in the text" });
    return matches;
  });
}

const isMeant = (node: Node, module: string | undefined, name: string) =>
  (node.id === name || node.name === name) && (module === undefined || module === "id" || module === node.module);

/** The indexes in an order that respects `before`, otherwise that of the text. A circle is reported. */
export function inOrder(nodes: readonly Node[], before: readonly Set<number>[], report: Report): number[] {
  const order: number[] = [];
  const seen = new Map<number, "entered" | "done">();
  const visit = (index: number) => {
    if (seen.get(index) === "done") return;
    if (seen.get(index) === "entered") {
      const position = nodes[index]?.position;
      if (position) report({ ...position, message: "this state waits for itself: its requisites go in a circle" });
      return;
    }
    seen.set(index, "entered");
    for (const other of [...(before[index] ?? [])].sort((a, b) => a - b)) visit(other);
    seen.set(index, "done");
    order.push(index);
  };
  for (const index of nodes.keys()) visit(index);
  return order;
}
