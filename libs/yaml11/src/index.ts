export { YamlDocument, type Path, type ScalarSource } from "./document.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { parseYaml, type ParseOptions } from "./parse.ts";
export type { Position } from "./positions.ts";
export type { Problem } from "./problems.ts";
export {
  toData,
  type ListNode,
  type MapEntry,
  type MapNode,
  type ScalarNode,
  type YamlData,
  type YamlNode,
} from "./tree.ts";
