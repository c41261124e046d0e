import type { Position } from "./positions.ts";
import type { Problem } from "./problems.ts";
import { toData, type MapNode, type YamlData, type YamlNode } from "./tree.ts";

/** Keys of mappings and indexes of lists, from the top down. */
export type Path = readonly (string | number)[];

/** The text of a scalar as written; see `ScalarNode`. */
export interface ScalarSource {
  readonly text: string;
  readonly quoted: boolean;
}

const TOP: Position = { line: 1, column: 1 };

/** A file that was read: its values, or all that is wrong with it. */
export class YamlDocument {
  readonly file: string;
  /** In the order of the file; empty when the file is good. */
  readonly problems: readonly Problem[];
  /** The values with types and places; undefined when there is any problem, so that half a file is never used. */
  readonly root: YamlNode | undefined;
  /** The plain values, made anew for each document; undefined when there is any problem. */
  readonly data: YamlData | undefined;

  constructor(file: string, content: { root: YamlNode } | { problems: readonly Problem[] }) {
    this.file = file;
    this.problems = "problems" in content ? content.problems : [];
    this.root = "root" in content ? content.root : undefined;
    this.data = this.root && toData(this.root);
  }

  nodeAt(path: Path): YamlNode | undefined {
    let node = this.root;
    for (const step of path) node = node && childOf(node, step);
    return node;
  }

  /** Where the value stands; for a path that is not there, the key of the nearest one above that is. */
  positionOf(path: Path): Position {
    return this.nodeAt(path)?.position ?? this.#nearestKeyPosition(path.slice(0, -1));
  }

  /** Where the key stands, or the item of a list; for a path that is not there, the nearest one above that is. */
  keyPositionOf(path: Path): Position {
    return this.#nearestKeyPosition(path);
  }

  /** Undefined when there is no scalar at the path. */
  scalarSource(path: Path): ScalarSource | undefined {
    const node = this.nodeAt(path);
    return node?.kind === "scalar" ? { text: node.source, quoted: node.quoted } : undefined;
  }

  #nearestKeyPosition(path: Path): Position {
    for (let length = path.length; length > 0; length -= 1) {
      const position = this.#keyPosition(path.slice(0, length));
      if (position) return position;
    }
    return this.root?.position ?? TOP;
  }

  #keyPosition(path: Path): Position | undefined {
    const parent = this.nodeAt(path.slice(0, -1));
    const last = path.at(-1);
    if (!parent || last === undefined) return undefined;
    return parent.kind === "map" ? entryOf(parent, last)?.keyPosition : childOf(parent, last)?.position;
  }
}

function childOf(node: YamlNode, step: string | number): YamlNode | undefined {
  if (node.kind === "map") return entryOf(node, step)?.value;
  return node.kind === "list" ? node.items[Number(step)] : undefined;
}

const entryOf = (map: MapNode, key: string | number) => map.entries.get(String(key));
