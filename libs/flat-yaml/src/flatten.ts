import { OperatorError } from "@appliance/errors";
import type { MapNode, ScalarNode, YamlDocument, YamlNode } from "@appliance/yaml11";
import { compareCodePoints, quote, repr, strip } from "./python.ts";

/** How a line is written: `PREFIX KEY ASSIGN value POSTFIX` without the blanks; `combine` joins the keys of a path. */
export interface FlattenOptions {
  readonly prefix?: string;
  readonly postfix?: string;
  readonly combine?: string;
  readonly assign?: string;
}

export interface Flattened {
  /** One for each value, sorted by key within each tree; a value of several lines makes a line of several lines. */
  readonly lines: string[];
  /** Trees that were asked for and are not there. */
  readonly missing: string[];
  /** Keys left out, with all below them, because a shell would run a part of them. */
  readonly unsafe: string[];
}

/** A value of a tree, the length of a list, or in place of them a key that must not be written. */
type Leaf = ScalarNode | number | "unsafe";

interface Variable<L = Leaf> {
  /** The keys of the path, joined, as written in the file. */
  readonly key: string;
  readonly leaf: L;
}

/** The name for the whole document in place of a tree. */
const WHOLE = ".";

/**
 * The values below each of `trees` (top-level keys, or `.` for the whole document) as lines that a POSIX shell can read.
 * Where two paths give the same key, the later one counts.
 * @throws OperatorError `YAML_UNUSABLE` when the document has problems or holds no keys.
 */
export function flatten(document: YamlDocument, trees: readonly string[], options: FlattenOptions = {}): Flattened {
  const { prefix = "", postfix = "", combine = "_", assign = "=" } = options;
  const { found, missing, unsafe } = collect(document, trees, combine);
  const lines = found.map(({ key, leaf }) => `${prefix}${key.toUpperCase()}${assign}${shellText(leaf)}${postfix}`);
  return { lines, missing, unsafe };
}

/**
 * The same variables as the environment of a process: name to value, not quoted. Missing trees give nothing.
 * @throws OperatorError `YAML_UNUSABLE` when the document has problems or holds no keys.
 */
export function flattenToRecord(document: YamlDocument, trees: readonly string[]): Record<string, string> {
  const { found } = collect(document, trees, "_");
  return Object.fromEntries(found.map(({ key, leaf }) => [key.toUpperCase(), rawText(leaf)]));
}

function collect(document: YamlDocument, trees: readonly string[], combine: string) {
  const root = usableRoot(document);
  const isThere = (tree: string) => tree === WHOLE || root.entries.has(tree);
  const variables = trees.flatMap((tree) => variablesOfTree(root, tree, combine));
  return {
    found: variables.filter((variable): variable is Variable<ScalarNode | number> => variable.leaf !== "unsafe"),
    missing: trees.filter((tree) => !isThere(tree)),
    unsafe: variables.filter(({ leaf }) => leaf === "unsafe").map(({ key }) => key),
  };
}

function usableRoot({ root, file }: YamlDocument): MapNode {
  if (root?.kind === "map") return root;
  throw new OperatorError("YAML_UNUSABLE", `${file} holds no keys that could be flattened`, {
    remedy: "Mend the problems that reading it reported.",
  });
}

function variablesOfTree(root: MapNode, tree: string, combine: string): Variable[] {
  const node = tree === WHOLE ? root : root.entries.get(tree)?.value;
  if (!node) return [];
  const start = tree === WHOLE ? "" : tree + combine;
  // Through a Map, so that of two paths with the same key the later one counts.
  const leaves = new Map(isSafe(tree) ? leavesOf(node, "", combine) : [["", "unsafe"] as const]);
  const variables = Array.from(leaves, ([key, leaf]) => ({ key: start + key, leaf }));
  return variables.sort((a, b) => compareCodePoints(a.key, b.key));
}

function leavesOf(node: YamlNode, key: string, combine: string): [string, Leaf][] {
  const below = (part: string) => (key === "" ? part : key + combine + part);
  if (node.kind === "scalar") return [[key, node]];
  if (node.kind === "map") {
    return Array.from(node.entries).flatMap(([name, { value }]) =>
      isSafe(name) ? leavesOf(value, below(name), combine) : [[below(name), "unsafe"]],
    );
  }
  const items = node.items.flatMap((item, index) => leavesOf(item, below(String(index)), combine));
  return [...items, [`${key}${combine}LEN`, node.items.length]];
}

/** The output is made for `eval`: a key `x; reboot #` must not become a command. */
const isSafe = (name: string) => /^[\p{L}\p{M}\p{N}_@%+=:,.-]*$/u.test(name);

/** Nothing at all for null, quotes for an empty text: scripts tell them apart by the file. */
function shellText(leaf: ScalarNode | number): string {
  const raw = rawText(leaf);
  return typeof leaf !== "number" && leaf.type === "null" ? raw : quote(raw);
}

/** Text loses blanks at both ends, above all the line end of a block. */
function rawText(leaf: ScalarNode | number): string {
  if (typeof leaf === "number") return String(leaf);
  if (leaf.type === "null") return "";
  if (leaf.type === "float") return repr(leaf.value);
  return strip(String(leaf.value));
}
