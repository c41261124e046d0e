import type { Spot } from "./spot.ts";

/** Salt's requisites: the order of the sections is fixed here, and each step looks at what is there. */
const REQUISITES = ["watch_in", "require_in", "require", "watch"];

/**
 * The keys below `spot`, each of them one of `known`. A key that has no effect here is warned about, any other is an error.
 */
export function readFields(spot: Spot, known: readonly string[], withoutEffect: readonly string[] = []) {
  const fields = spot.entries("keys with values");
  for (const [key, field] of fields) {
    if (known.includes(key)) continue;
    if ([...withoutEffect, ...REQUISITES].includes(key)) field.warning("has no effect here");
    else field.error(`unknown key, known are ${known.join(", ")}`, known, key);
  }
  return {
    has: (key: string) => fields.has(key),
    at: (key: string) => fields.get(key),
    /** What `read` makes of a key that must be there. */
    required<T>(key: string, read: (field: Spot) => T | undefined): T | undefined {
      const field = fields.get(key);
      if (field === undefined || field.isUnset) {
        spot.error(`needs the key '${key}'`);
        return undefined;
      }
      return read(field);
    },
    /** What `read` makes of a key that may be left out. */
    optional<T>(key: string, read: (field: Spot) => T, otherwise: T): T {
      const field = fields.get(key);
      return field === undefined || field.isUnset ? otherwise : read(field);
    },
  };
}
