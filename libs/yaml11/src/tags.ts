/** Tags that say what plain YAML values are; all others ask a reader to build objects of a program. */
export const knownTags = ["str", "int", "float", "bool", "null", "timestamp", "map", "seq"] as const;

export type KnownTag = (typeof knownTags)[number];

const names = knownTags.join("|");
const written = new RegExp(`^!(?:!(?:${names})|<tag:yaml\\.org,2002:(?:${names})>)?$`);

/** Whether a tag as written in the file (`!!int`, `!<tag:yaml.org,2002:int>`, or `!` for none) is one of them. */
export function isKnownTag(source: string): boolean {
  return written.test(source);
}
