import type { Path } from "@appliance/yaml11";
import type { Place } from "./place.ts";

/** One value of env.yml for comparing, showing and redacting. */
export interface Leaf {
  path: string;
  value: string;
  /** `value` for the eyes of anyone: one line, without a secret. */
  shown: string;
  /** What must never appear in a log. */
  secrets: string[];
}

/**
 * One entry of the table: how a value is read, checked, shown and documented.
 *
 * `read` reports every problem to its place and gives undefined for what it cannot use; an error anywhere means that nobody
 * sees the result, so `T` holds wherever it is used. Methods rather than functions, so that a `Setting<string>` is also a
 * `Setting<unknown>`.
 */
export interface Setting<T> extends Documentation {
  read(place: Place): T | undefined;
  leaves(value: T, path: Path): Leaf[];
}

/** What docs/env.md is made of. */
export interface Documentation {
  /** One sentence: what the setting does, in the operator's words. */
  doc: string;
  /** What is to be written, such as "yes or no". */
  type: string;
  required?: boolean;
  secret?: boolean;
  /** The default as it is shown; nothing for "not set". */
  defaultText?: string;
  example?: string;
  /** What else is to be known, as sentences. */
  note?: string;
  /**
   * What a new env.yml has, in the notation of the templates of `appliance env create`; empty for a list without items.
   * A setting without it is a comment there, with its example.
   */
  initial?: string;
  /** Of a section. */
  fields?: Record<string, AnySetting>;
  /** Older names of keys of a section → their name. */
  aliases?: Record<string, string>;
  /** Of a list. */
  item?: AnySetting;
  /** Of keys of the operator's own: one for the example, and what stands behind each. */
  entry?: { name: string; value: AnySetting };
}

export type AnySetting = Setting<unknown>;
export type ValueOf<S> = S extends Setting<infer T> ? T : never;

export type Check<T> = (value: T, place: Place) => void;

export interface Common {
  doc: string;
  type?: string;
  example?: string;
  note?: string;
  initial?: string;
}

export interface TextOptions extends Common {
  default?: string;
  required?: boolean;
  /** True when all of it is secret, or which parts are. */
  secret?: boolean | ((value: string) => string[]);
  /** May have several lines. */
  block?: boolean;
  /** An empty text means what it says; elsewhere it means "not set". */
  mayBeEmpty?: boolean;
  /** In characters; by default 1000, and 64 Ki for a block. */
  maxLength?: number;
  check?: Check<string>;
  /** The one spelling of several that mean the same, after the check. */
  normalize?: (value: string) => string;
}

export type Fields = Record<string, AnySetting>;
export type ValuesOf<F extends Fields> = { [K in keyof F]: ValueOf<F[K]> };

export interface SectionOptions<F extends Fields> {
  doc: string;
  note?: string;
  fields: F;
  aliases?: Record<string, string>;
  /** What concerns several keys at once. Called when each of them is right for itself. */
  check?: Check<ValuesOf<F>>;
}
