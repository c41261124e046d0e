import { TreeBuilder } from "./build.ts";
import { checkCharacters } from "./characters.ts";
import { compose } from "./compose.ts";
import { decode } from "./decode.ts";
import { YamlDocument } from "./document.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { createPositionAt, type PositionAt } from "./positions.ts";
import { ProblemList, type Fault } from "./problems.ts";
import { scan } from "./scan.ts";
import type { YamlNode } from "./tree.ts";

export interface ParseOptions {
  /** How problems call the file. */
  readonly file: string;
  readonly limits?: Partial<Limits>;
  /** `map` refuses an empty file, a list and a single value, as a file of settings has to. */
  readonly top?: "map" | "any";
}

/** Reads YAML 1.1 as PyYAML does. Throws nothing for any input: what is wrong is in `problems`. */
export function parseYaml(source: Uint8Array | string, options: ParseOptions): YamlDocument {
  const limits = { ...defaultLimits, ...options.limits };
  const problems = new ProblemList(options.file);
  const { text, positionAt, isWhole } = readText(source, limits, problems);
  const root = isWhole ? readTree(text, limits, positionAt, problems) : undefined;
  if (root && problems.isEmpty && options.top === "map" && root.kind !== "map") problems.report(0, notAMapping(root));
  if (!root || !problems.isEmpty) return new YamlDocument(options.file, { problems: problems.toProblems(positionAt) });
  return new YamlDocument(options.file, { root });
}

/** The text as far as it can be read; what follows a part of it would only be misunderstood. */
function readText(source: Uint8Array | string, limits: Limits, problems: ProblemList) {
  const bytes = typeof source === "string" ? Buffer.byteLength(source) : source.length;
  if (bytes > limits.bytes) {
    problems.report(0, tooLarge(bytes, limits.bytes));
    return { text: "", positionAt: createPositionAt(""), isWhole: false };
  }
  const { text, fault } = decode(source);
  if (fault) problems.report(text.length, fault);
  const checked = checkCharacters(text, problems.report);
  return { text: checked, positionAt: createPositionAt(text), isWhole: fault === undefined };
}

function readTree(text: string, limits: Limits, positionAt: PositionAt, problems: ProblemList): YamlNode | undefined {
  const tokens = scan(text, limits, problems.report);
  if (!tokens || problems.isFull) return undefined;
  const document = compose(tokens, text.length, problems.report);
  return document && new TreeBuilder(limits, positionAt, problems.report).build(document.contents);
}

const tooLarge = (bytes: number, most: number): Fault => ({
  message: `the file has ${bytes} bytes, ${most} are allowed`,
  remedy: "Keep large content outside of this file.",
});

function notAMapping(root: YamlNode): Fault {
  const isEmpty = root.kind === "scalar" && root.type === "null";
  const found = root.kind === "list" ? "a list" : "a single value";
  return {
    message: isEmpty ? "the file has no content" : `the file holds ${found} instead of keys with values`,
    remedy: "Write lines such as 'appliance:' with indented 'key: value' lines below.",
  };
}
