import type { Path } from "@appliance/yaml11";
import { joinPath, type Place } from "./place.ts";
import {
  itemPlaces,
  readChoice,
  readEntries,
  readFlag,
  readNumber,
  readScalar,
  readSection,
  readText,
} from "./read.ts";
import type {
  Check,
  Common,
  Documentation,
  Fields,
  Leaf,
  SectionOptions,
  Setting,
  TextOptions,
  ValuesOf,
} from "./setting.ts";

export function text(options: TextOptions & ({ default: string } | { required: true })): Setting<string>;
export function text(options: TextOptions): Setting<string | undefined>;
export function text(options: TextOptions): Setting<string | undefined> {
  const { secret = false } = options;
  const secretsOf = typeof secret === "function" ? secret : (value: string) => (secret ? [value] : []);
  return {
    ...documented(options, options.block ? "text of several lines" : "text"),
    ...(options.default === undefined ? {} : { defaultText: options.default }),
    required: options.required ?? false,
    secret: secret !== false,
    read: (place) => readText(place, options),
    leaves: (value, path) => (value === undefined ? [] : [textLeaf(value, path, secretsOf(value))]),
  };
}

/** YAML 1.1 has yes, on and true for the one, no, off and false for the other. */
export function flag(options: Common & { default: boolean }): Setting<boolean> {
  return {
    ...documented(options, "yes or no"),
    defaultText: String(options.default),
    read: (place) => (place.isUnset ? options.default : readFlag(place)),
    leaves: (value, path) => [textLeaf(String(value), path, [])],
  };
}

/** A value that is written as one word or number and used as something else. */
export function scalar<T>(
  options: Common & {
    type: string;
    parse: (source: string, place: Place) => T | undefined;
    show: (value: T) => string;
  },
): Setting<T | undefined> {
  return {
    ...documented(options, options.type),
    read: (place) => {
      const source = readScalar(place);
      return source === undefined || source === "" ? undefined : options.parse(source, place);
    },
    leaves: (value, path) => (value === undefined ? [] : [textLeaf(options.show(value), path, [])]),
  };
}

type ChoiceOptions<W extends string> = Common & { words: readonly W[] };

/** One of a few words. */
export function choice<const W extends string>(options: ChoiceOptions<W> & { default: W }): Setting<W>;
export function choice<const W extends string>(options: ChoiceOptions<W>): Setting<W | undefined>;
export function choice<const W extends string>(options: ChoiceOptions<W> & { default?: W }): Setting<W | undefined> {
  const { words } = options;
  return {
    ...documented(options, words.join(" or ")),
    ...(options.default === undefined ? {} : { defaultText: options.default }),
    read: (place) => readChoice(place, words) ?? options.default,
    leaves: (value, path) => (value === undefined ? [] : [textLeaf(value, path, [])]),
  };
}

type NumberOptions = Common & { from: number; to: number };

/** A whole number, both ends of its range included. */
export function number(options: NumberOptions & { default: number }): Setting<number>;
export function number(options: NumberOptions): Setting<number | undefined>;
export function number(options: NumberOptions & { default?: number }): Setting<number | undefined> {
  const { from, to } = options;
  return {
    ...documented(options, `${from} to ${to}`),
    ...(options.default === undefined ? {} : { defaultText: String(options.default) }),
    read: (place) => readNumber(place, options) ?? options.default,
    leaves: (value, path) => (value === undefined ? [] : [textLeaf(String(value), path, [])]),
  };
}

/** Keys of the operator's own, each with a value. `name` is one for the example. */
export function map<T>(
  options: Common & { name: string; value: Setting<T>; checkName: Check<string> },
): Setting<Record<string, T>> {
  const { name, value, checkName } = options;
  return {
    ...documented({ ...options, example: `${name}: ${value.example}` }, `names, each with a ${value.type}`),
    entry: { name, value },
    secret: value.secret ?? false,
    read: (place) => readEntries(place, value, checkName),
    leaves: (values, path) => Object.entries(values).flatMap(([key, one]) => value.leaves(one, [...path, key])),
  };
}

/** A list; with `split` also one text that names several, with spaces or commas between them. */
export function list<T>(
  options: Common & { item: Setting<T>; split?: boolean; defaultText?: string; check?: Check<T[]> },
): Setting<T[]> {
  const { item, split = false, defaultText } = options;
  return {
    ...documented(options, split ? `list (${item.type}), or one line of them` : `list (${item.type})`),
    ...(defaultText === undefined ? {} : { defaultText }),
    item,
    read: (place) => {
      const places = itemPlaces(place, split);
      const errors = place.errorCount;
      const values = places.map((itemPlace) => item.read(itemPlace) as T);
      if (place.errorCount === errors) options.check?.(values, place);
      return values;
    },
    leaves: (values, path) => values.flatMap((value, index) => item.leaves(value, [...path, index])),
  };
}

/** Keys below a key. A section that the file does not have is one with every default. */
export function section<const F extends Fields>(options: SectionOptions<F>): Setting<ValuesOf<F>> {
  const { fields, aliases = {} } = options;
  return {
    ...documented(options, "section"),
    fields,
    aliases,
    read: (place) => readSection(place, options),
    leaves: (values, path) =>
      Object.entries(fields).flatMap(([key, field]) => field.leaves(values[key as keyof F], [...path, key])),
  };
}

/** A section that means something by being there, such as a mount. */
export function optionalSection<const F extends Fields>(options: SectionOptions<F>): Setting<ValuesOf<F> | undefined> {
  const inner = section(options);
  return {
    ...inner,
    type: "section, may be left out",
    read: (place) => (place.isUnset ? undefined : inner.read(place)),
    leaves: (values, path) => (values === undefined ? [] : inner.leaves(values, path)),
  };
}

function documented({ doc, type, example, note, initial }: Common, usualType: string): Documentation {
  const given = Object.entries({ example, note, initial }).filter(([, value]) => value !== undefined);
  return { doc, type: type ?? usualType, ...Object.fromEntries(given) };
}

const MASK = "[redacted]";
const LONGEST_SHOWN = 100;

function textLeaf(value: string, path: Path, secrets: string[]): Leaf {
  return { path: joinPath(path), value, shown: shown(value, secrets), secrets };
}

/** Parts shorter than this would show themselves by what they mask. */
const SHORTEST_MASKED = 6;

function shown(value: string, secrets: string[]): string {
  if (secrets.some((part) => part === value || part.length < SHORTEST_MASKED)) return MASK;
  const masked = secrets.reduce((rest, part) => rest.replaceAll(part, MASK), value);
  const line = masked.replaceAll("\n", "⏎");
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}…` : line;
}
