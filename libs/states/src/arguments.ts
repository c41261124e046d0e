import { suggest } from "@appliance/errors";
import type { Position, YamlNode } from "@appliance/yaml11";
import type { Ownership, Report } from "./state.ts";

/** One argument of a state function as it stands in the text. */
export interface Argument {
  key: string;
  keyPosition: Position;
  value: YamlNode;
}

const PATH_FAULT = "must be an absolute path without '//', '.', '..' and '/' at the end";
const USER = /^(?:[a-z_][a-z0-9_-]{0,31}|\d{1,9})$/;

/**
 * The arguments of one state, read one by one as its function asks for them. What is missing or wrong is reported, and a
 * stand-in given for it: with a problem anywhere nobody sees the result. What was never asked for is reported at the end.
 */
export class Arguments {
  readonly #given: ReadonlyMap<string, Argument>;
  readonly #name: string;
  readonly #at: Position;
  readonly #report: Report;
  readonly #known = new Set(["name", "names"]);

  /** @param name what `name` is when it is not given: the id, or one of `names` */
  constructor(given: readonly Argument[], name: string, at: Position, report: Report) {
    this.#given = new Map(given.map((argument) => [argument.key, argument]));
    this.#name = name;
    this.#at = at;
    this.#report = report;
  }

  /** `name`, or what stands for it. */
  get name(): string {
    return this.text("name") ?? this.#name;
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (!value || isNothing(value)) return undefined;
    if (value.kind === "scalar") return value.source;
    return this.#wrong(value, key, "must be a text");
  }

  required(key: string): string {
    const value = this.text(key);
    if (value === undefined) this.#report({ ...this.#at, message: `the argument '${key}' is missing` });
    return value ?? "";
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.#take(key);
    if (!value || isNothing(value)) return otherwise;
    if (value.kind === "scalar" && value.type === "bool") return value.value;
    this.#wrong(value, key, "must be yes or no");
    return otherwise;
  }

  /** A text, or a list of texts; none when it is not given. */
  texts(key: string): string[] {
    const value = this.#take(key);
    if (!value || isNothing(value)) return [];
    const items = value.kind === "list" ? value.items : [value];
    const texts = items.flatMap((item) => (item.kind === "scalar" ? [item.source] : []));
    if (texts.length < items.length) this.#wrong(value, key, "must be a text, or a list of texts");
    return texts;
  }

  /** A list of `NAME: value`, or a mapping of them. */
  record(key: string): Record<string, string> {
    const value = this.#take(key);
    if (!value || isNothing(value)) return {};
    const maps = (value.kind === "list" ? value.items : [value]).flatMap((item) => (item.kind === "map" ? [item] : []));
    const entries = maps.flatMap((map) => [...map.entries]);
    const pairs = entries.flatMap(([name, entry]) =>
      entry.value.kind === "scalar" && /^[A-Za-z_]\w*$/.test(name) ? [[name, entry.value.source] as const] : [],
    );
    if (pairs.length < entries.length || entries.length === 0)
      this.#wrong(value, key, "must be a list of 'NAME: value' with names that shells know");
    return Object.fromEntries(pairs);
  }

  /** A whole number of seconds. */
  seconds(key: string, otherwise: number): number {
    const text = this.text(key);
    if (text === undefined) return otherwise;
    if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
    this.#fault(key, "must be a number of seconds");
    return otherwise;
  }

  /** The path that `name` is. */
  path(): string {
    const path = this.name;
    if (!isPath(path)) this.#fault("name", PATH_FAULT);
    return path;
  }

  ownership(modeKey = "mode"): Ownership {
    return { user: this.#account("user"), group: this.#account("group"), mode: this.#mode(modeKey) };
  }

  /** The name of a thing, checked by `pattern`; `fault` says what it must be. */
  matching(pattern: RegExp, fault: string): string {
    const name = this.name;
    if (!pattern.test(name)) this.#fault("name", fault);
    return name;
  }

  fault(key: string, message: string): void {
    this.#fault(key, message);
  }

  /** Every argument that nobody asked for, by name. */
  refuseOthers(functionName: string): void {
    for (const { key, keyPosition } of this.#given.values()) {
      if (this.#known.has(key)) continue;
      const near = suggest(key, [...this.#known]);
      this.#report({
        ...keyPosition,
        message: `${functionName} has no argument '${key.slice(0, 60)}' here`,
        ...(near === undefined ? {} : { suggestion: near }),
        remedy: `It takes ${[...this.#known].sort().join(", ")}.`,
      });
    }
  }

  #take(key: string): YamlNode | undefined {
    this.#known.add(key);
    return this.#given.get(key)?.value;
  }

  #account(key: string): string | undefined {
    const name = this.text(key);
    if (name !== undefined && !USER.test(name)) this.#fault(key, "must be a name of the host or a number");
    return name;
  }

  /** Octal, quoted or not; `0600`, `600` and `0o600` mean the same. */
  #mode(key: string): number | undefined {
    const text = this.text(key);
    const digits = /^0?o?([0-7]{3,4})$/.exec(text ?? "")?.[1];
    if (text !== undefined && digits === undefined) this.#fault(key, "must be an octal mode such as 0600");
    return digits === undefined ? undefined : Number.parseInt(digits, 8);
  }

  #fault(key: string, message: string): void {
    const { line, column } = this.#given.get(key)?.value.position ?? this.#at;
    this.#report({ line, column, message: `${key} ${message}` });
  }

  #wrong({ position }: YamlNode, key: string, message: string): undefined {
    this.#report({ ...position, message: `${key} ${message}` });
  }
}

const isNothing = (node: YamlNode) => node.kind === "scalar" && node.type === "null" && !node.quoted;

export function isPath(path: string): boolean {
  const names = path.split("/").slice(1);
  return (
    path.startsWith("/") && !path.includes("\0") && names.every((name) => name !== "" && name !== "." && name !== "..")
  );
}
