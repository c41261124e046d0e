import type { Position } from "./positions.ts";
import type { ScalarValue } from "./scalars.ts";

export type ScalarNode = ScalarValue & {
  readonly kind: "scalar";
  readonly position: Position;
  /** The text as written, without quotes and with escapes and folded lines read. */
  readonly source: string;
  /** Whether it stood in quotes or in a block, so that it is text whatever it looks like. */
  readonly quoted: boolean;
};

export interface ListNode {
  readonly kind: "list";
  readonly position: Position;
  readonly items: readonly YamlNode[];
}

export interface MapEntry {
  readonly keyPosition: Position;
  readonly value: YamlNode;
}

/** Keys are always text, as written: `on: x` has the key `on`. Merged keys come first, in the order of the file. */
export interface MapNode {
  readonly kind: "map";
  readonly position: Position;
  readonly entries: ReadonlyMap<string, MapEntry>;
}

/** A value with its type and its place. What an alias stands for has the alias' place, its parts have their own. */
export type YamlNode = ScalarNode | ListNode | MapNode;

/** Plain values. Mappings have no prototype, so that a key `__proto__` is a key like any other. */
export type YamlData = string | number | bigint | boolean | null | YamlData[] | { [key: string]: YamlData };

/** A fresh copy of the values below `node`. */
export function toData(node: YamlNode): YamlData {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toData);
  const data = Object.create(null) as { [key: string]: YamlData };
  for (const [key, { value }] of node.entries) data[key] = toData(value);
  return data;
}
