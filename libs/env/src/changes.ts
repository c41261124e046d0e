import type { Leaf } from "./setting.ts";
import { settings, type Env } from "./settings.ts";

/** Every text that must not appear in a log, an error or a queue; for `redact` of @appliance/errors. */
export function secretsOf(env: Env): string[] {
  return [...new Set(settings.leaves(env, []).flatMap(({ secrets }) => secrets))];
}

/** A setting with another value than before. Its texts are one line and hold no secret; undefined means "not set". */
export interface Change {
  path: string;
  before: string | undefined;
  after: string | undefined;
}

/** What differs between two env.yml, in the order of the table. A secret that changed is `[redacted]` on both sides. */
export function redactedChanges(before: Env | undefined, after: Env): Change[] {
  const old = leavesByPath(before);
  const now = leavesByPath(after);
  const paths = new Set([...now.keys(), ...old.keys()]);
  return [...paths]
    .filter((path) => old.get(path)?.value !== now.get(path)?.value)
    .map((path) => ({ path, before: old.get(path)?.shown, after: now.get(path)?.shown }));
}

function leavesByPath(env: Env | undefined): Map<string, Leaf> {
  const leaves = env === undefined ? [] : settings.leaves(env, []);
  return new Map(leaves.map((leaf) => [leaf.path, leaf]));
}
