import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Scalar,
  type Alias,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { faultOfValue } from "./characters.ts";
import type { Limits } from "./limits.ts";
import { mergeInto } from "./merge.ts";
import type { PositionAt } from "./positions.ts";
import type { Fault, Report } from "./problems.ts";
import { resolvePlain, resolveTagged } from "./scalars.ts";
import { tooManyKeys } from "./scan.ts";
import { knownTags, type KnownTag } from "./tags.ts";
import type { ListNode, MapEntry, MapNode, ScalarNode, YamlNode } from "./tree.ts";

interface Built {
  readonly node: YamlNode;
  /** Characters of all keys and values below, aliases written out. */
  readonly size: number;
}

interface Key {
  readonly text: string;
  readonly offset: number;
  readonly isMerge: boolean;
}

const TAG_PREFIX = "tag:yaml.org,2002:";

/** Undefined for an unknown tag too, which `scan` has reported. */
function knownTagOf({ tag }: { tag?: string }): KnownTag | undefined {
  return knownTags.find((name) => tag === TAG_PREFIX + name);
}

/** Turns the reader's nodes into ours: types, merges, aliases, duplicate keys, and the limits that only show here. */
export class TreeBuilder {
  /** An anchor that is being built is there without a value: an alias to it would contain itself. */
  readonly #anchors = new Map<string, Built | undefined>();
  readonly #limits: Limits;
  readonly #positionAt: PositionAt;
  readonly #report: Report;
  #keys = 0;
  #characters = 0;

  constructor(limits: Limits, positionAt: PositionAt, report: Report) {
    this.#limits = limits;
    this.#positionAt = positionAt;
    this.#report = report;
  }

  build(node: Node | null): YamlNode {
    return this.#build(node, 0).node;
  }

  /** `offset` is where an absent value would stand. */
  #build(node: Node | null, offset: number): Built {
    if (isAlias(node)) return this.#alias(node);
    if (node?.anchor) this.#anchors.set(node.anchor, undefined);
    const built = this.#content(node, offset);
    if (node?.anchor) this.#anchors.set(node.anchor, built);
    return built;
  }

  #content(node: Node | null, offset: number): Built {
    if (isMap<Node, Node | null>(node)) return this.#map(node);
    if (isSeq<Node>(node)) return this.#list(node);
    return this.#scalar(isScalar(node) ? node : new Scalar(""), node ? offsetOf(node) : offset);
  }

  #scalar(scalar: Scalar, offset: number): Built {
    const source = scalar.source ?? "";
    const quoted = scalar.type !== undefined && scalar.type !== Scalar.PLAIN;
    const tag = knownTagOf(scalar);
    this.#characters += source.length + 1;
    const fault = faultOfValue(source);
    if (fault) this.#report(offset, fault);
    const value = tag ? resolveTagged(source, tag) : resolveUntagged(source, quoted);
    if (!value) this.#report(offset, wrongTag(tag ?? ""));
    const resolved = value ?? { type: "string", value: source };
    const node: ScalarNode = { ...resolved, kind: "scalar", position: this.#positionAt(offset), source, quoted };
    return { node, size: source.length + 1 };
  }

  #list(list: YAMLSeq<Node>): Built {
    this.#checkTag(list, "seq");
    const built = list.items.map((item) => this.#build(item, offsetOf(list)));
    const items = built.map(({ node }) => node);
    const node: ListNode = { kind: "list", position: this.#positionAt(offsetOf(list)), items };
    return { node, size: built.reduce((sum, { size }) => sum + size, 1) };
  }

  #map(map: YAMLMap<Node, Node | null>): Built {
    this.#checkTag(map, "map");
    if (this.#hasTooManyKeys(map)) return { node: this.#emptyMap(offsetOf(map)), size: 1 };
    const entries = new Map<string, MapEntry>();
    const merges: { from: YamlNode; offset: number }[] = [];
    let size = 1;
    for (const pair of map.items) {
      const key = this.#key(pair, offsetOf(map));
      const { node, size: added } = this.#build(pair.value, key.offset);
      size += added + key.text.length;
      if (key.isMerge) merges.push({ from: node, offset: key.offset });
      else this.#addEntry(entries, key, node);
    }
    const merged = mergeInto(entries, merges, this.#report);
    const node: MapNode = { kind: "map", position: this.#positionAt(offsetOf(map)), entries: merged };
    return { node, size };
  }

  #addEntry(entries: Map<string, MapEntry>, { text, offset }: Key, value: YamlNode): void {
    const first = entries.get(text);
    if (first) this.#report(offset, duplicateKey(text, first.keyPosition.line));
    else entries.set(text, { keyPosition: this.#positionAt(offset), value });
  }

  /** Asked before any of them is built, as the limit is there to prevent that. */
  #hasTooManyKeys(map: YAMLMap<Node, Node | null>): boolean {
    const excess = map.items[this.#limits.keys - this.#keys];
    this.#keys += map.items.length;
    if (excess) this.#report(offsetOf(excess.key ?? map), tooManyKeys(this.#limits.keys));
    return excess !== undefined;
  }

  #emptyMap(offset: number): MapNode {
    return { kind: "map", entries: new Map(), position: this.#positionAt(offset) };
  }

  #key({ key }: Pair<Node, Node | null>, mapOffset: number): Key {
    const offset = key ? offsetOf(key) : mapOffset;
    const { node } = this.#build(key, offset);
    if (node.kind !== "scalar") this.#report(offset, notAKey);
    const text = node.kind === "scalar" ? node.source : "";
    return { text, offset, isMerge: isScalar(key) && key.source === "<<" && isUntaggedPlain(key) };
  }

  #alias(alias: Alias): Built {
    const offset = offsetOf(alias);
    const target = this.#anchors.get(alias.source);
    if (!target) {
      this.#report(offset, this.#anchors.has(alias.source) ? containsItself : unknownAnchor);
      return { node: this.#emptyMap(offset), size: 1 };
    }
    this.#characters += target.size;
    if (this.#characters > this.#limits.expandedCharacters) this.#report(offset, expandsTooFar);
    return { node: { ...target.node, position: this.#positionAt(offset) }, size: target.size };
  }

  #checkTag(collection: YAMLMap | YAMLSeq, expected: "map" | "seq"): void {
    const tag = knownTagOf(collection);
    if (tag !== undefined && tag !== expected) this.#report(offsetOf(collection), wrongTag(tag));
  }
}

const resolveUntagged = (source: string, quoted: boolean) =>
  quoted ? ({ type: "string", value: source } as const) : resolvePlain(source);

const isUntaggedPlain = ({ type, tag }: Scalar) => type === Scalar.PLAIN && tag === undefined;

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

const wrongTag = (tag: string): Fault => ({
  message: `the value is not what its tag !!${tag} says`,
  remedy: "Remove the tag.",
});

const duplicateKey = (key: string, line: number): Fault => ({
  message: `the key '${key.slice(0, 80)}' stands already in line ${line}`,
  remedy: "Remove one of the two; only one could count.",
});

const notAKey: Fault = { message: "a key that is a list or a mapping", remedy: "Write the key as one word." };
const unknownAnchor: Fault = { message: "no anchor of this name above", remedy: "Put a value with * in quotes." };
const containsItself: Fault = { message: "an alias inside of what it stands for", remedy: "Write the value out." };
const expandsTooFar: Fault = { message: "the aliases make the file too large", remedy: "Write the values out." };
