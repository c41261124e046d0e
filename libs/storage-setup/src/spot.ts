import { suggest } from "@appliance/errors";
import type { Position, YamlNode } from "@appliance/yaml11";

/** What is wrong or doubtful at one place of the text. Holds no value of the text but names of keys and devices. */
export interface SetupProblem extends Position {
  severity: "error" | "warning";
  /** `parted:/dev/vdb:parts:0:end`; empty when the text as a whole is meant. */
  path: string;
  message: string;
  /** The word that was most likely meant. */
  suggestion?: string;
}

/** One place of the text: reads it as what it must be, and reports to one list when it is not. */
export class Spot {
  readonly position: Position;
  readonly path: readonly (string | number)[];
  readonly #node: YamlNode | undefined;
  readonly #problems: SetupProblem[];

  constructor(
    problems: SetupProblem[],
    path: readonly (string | number)[],
    node: YamlNode | undefined,
    position: Position,
  ) {
    this.#problems = problems;
    this.path = path;
    this.#node = node;
    this.position = position;
  }

  get isUnset(): boolean {
    return this.#node === undefined || (this.#node.kind === "scalar" && this.#node.type === "null");
  }

  get kind(): YamlNode["kind"] | undefined {
    return this.#node?.kind;
  }

  /** The keys and what stands behind each; a list of mappings counts as one mapping, as the old notation also has it. */
  entries(what: string): Map<string, Spot> {
    const found = new Map<string, Spot>();
    if (this.#node?.kind === "map")
      for (const [key, { value, keyPosition }] of this.#node.entries) found.set(key, this.#at(key, value, keyPosition));
    else if (this.#node?.kind === "list")
      for (const item of this.items(what)) for (const [key, spot] of item.#pair(what)) found.set(key, spot);
    else if (!this.isUnset) this.error(`must be ${what}`);
    return found;
  }

  /** `- level=1` and `- level: 1` are one key of a list. */
  #pair(what: string): Map<string, Spot> {
    const [, key, value] = this.#node?.kind === "scalar" ? (/^([\w-]+)=(.*)$/.exec(this.#node.source) ?? []) : [];
    if (key === undefined || value === undefined || this.#node?.kind !== "scalar") return this.entries(what);
    return new Map([[key, this.#at(key, { ...this.#node, source: value }, this.position)]]);
  }

  items(what: string): Spot[] {
    if (this.isUnset) return [];
    if (this.#node?.kind === "list") return this.#node.items.map((item, index) => this.#at(index, item, item.position));
    this.error(`must be ${what}`);
    return [];
  }

  /** The characters as they are written, so that 0600 and 1.10 stay what they are. */
  text(what: string): string | undefined {
    if (this.#node?.kind === "scalar" && !this.isUnset) return this.#node.source;
    this.error(`must be ${what}`);
    return undefined;
  }

  flag(): boolean {
    if (this.#node?.kind === "scalar" && this.#node.type === "bool") return this.#node.value;
    this.error("must be yes or no");
    return false;
  }

  /** The texts of a list, or one text as a list of its words. */
  words(what: string): string[] {
    const texts = this.kind === "scalar" ? [this.text(what)] : this.items(what).map((item) => item.text(what));
    return texts.flatMap((text) => (text ?? "").split(/\s+/)).filter((word) => word !== "");
  }

  error(message: string, candidates: Iterable<string> = [], word = ""): void {
    this.#report("error", message, suggest(word, candidates));
  }

  warning(message: string): void {
    this.#report("warning", message, undefined);
  }

  #report(severity: SetupProblem["severity"], message: string, suggestion: string | undefined) {
    const { line, column } = this.position;
    const hint = suggestion === undefined ? {} : { suggestion };
    this.#problems.push({ severity, line, column, path: this.path.join(":"), message, ...hint });
  }

  #at(key: string | number, node: YamlNode, position: Position): Spot {
    return new Spot(this.#problems, [...this.path, key], node, position);
  }
}
