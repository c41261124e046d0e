import type { Fault, Report } from "./problems.ts";
import type { MapEntry, MapNode, YamlNode } from "./tree.ts";

interface Merge {
  readonly from: YamlNode;
  readonly offset: number;
}

/**
 * The entries of a mapping with its merge keys (`<<`) carried out. Its own keys win over merged ones, earlier mappings of
 * a merged list over later ones.
 * @see https://yaml.org/type/merge.html
 */
export function mergeInto(
  own: ReadonlyMap<string, MapEntry>,
  merges: readonly Merge[],
  report: Report,
): ReadonlyMap<string, MapEntry> {
  if (merges.length === 0) return own;
  const merged = new Map<string, MapEntry>();
  for (const source of merges.flatMap((merge) => mappingsOf(merge, report))) {
    for (const [key, entry] of source.entries) if (!merged.has(key)) merged.set(key, entry);
  }
  for (const [key, entry] of own) merged.set(key, entry);
  return merged;
}

function mappingsOf({ from, offset }: Merge, report: Report): MapNode[] {
  const sources = from.kind === "list" ? from.items : [from];
  if (sources.some((source) => source.kind !== "map")) report(offset, notAMapping);
  return sources.filter((source) => source.kind === "map");
}

const notAMapping: Fault = {
  message: "<< merges something that is not a mapping",
  remedy: "Write << : *name with the anchor at a mapping, or put the key in quotes.",
};
