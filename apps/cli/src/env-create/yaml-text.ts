import { parseYaml, type ScalarNode, type YamlNode } from "@appliance/yaml11";

/** `key: value` as lines of a block, without indentation. */
export function entryLines(key: string, node: YamlNode): string[] {
  if (node.kind === "scalar") return scalarLines(`${key}: `, isText(node), node.source);
  const below = node.kind === "map" ? mapLines(node) : node.items.flatMap(itemLines);
  return below.length === 0 ? [`${key}: ${node.kind === "map" ? "{}" : "[]"}`] : [`${key}:`, ...indented(below, 2)];
}

/** `key: text` as lines, quoted or as a block where the text alone would mean something else. */
export const textEntryLines = (key: string, text: string): string[] => scalarLines(`${key}: `, true, text);

function mapLines({ entries }: Extract<YamlNode, { kind: "map" }>): string[] {
  return [...entries].flatMap(([key, { value }]) => entryLines(scalarText(key), value));
}

function itemLines(node: YamlNode): string[] {
  if (node.kind === "scalar") return scalarLines("- ", isText(node), node.source);
  const [first, ...rest] = node.kind === "map" ? mapLines(node) : node.items.flatMap(itemLines);
  return first === undefined ? [`- ${node.kind === "map" ? "{}" : "[]"}`] : [`- ${first}`, ...indented(rest, 2)];
}

/** @param quotable false for what is a number, a yes or a no as it was written */
function scalarLines(lead: string, quotable: boolean, source: string): string[] {
  if (!quotable) return [lead + source];
  const style = blockStyle(source);
  if (style === undefined) return [lead + scalarText(source)];
  return [lead + style, ...indented(source.replace(/\n+$/, "").split("\n"), 2)];
}

/** Only text whose lines come back as they are: without blanks at its beginning and with one line end, or none, at its end. */
function blockStyle(text: string): "|" | "|-" | undefined {
  if (!/\S\n./.test(text) && !/^\S[^\n]*\n$/.test(text)) return undefined;
  if (/^\s|\s\n*$|\n\n$/.test(text.replace(/\n$/, "")) || /[^\n\x20-\x7e\xa0-\ud7ff]/.test(text)) return undefined;
  return text.endsWith("\n") ? "|" : "|-";
}

const isText = ({ type, quoted }: ScalarNode): boolean => quoted || type === "string" || type === "timestamp";

/** One text on one line. JSON's quotes are YAML's double quotes. */
function scalarText(text: string): string {
  const plain = /^[\x20-\x7e]+$/.test(text) && parseYaml(`- ${text}\n`, { file: "" }).nodeAt([0]);
  const isItself = plain && plain.kind === "scalar" && isText(plain) && !plain.quoted && plain.source === text;
  return isItself ? text : JSON.stringify(text);
}

export function indented(lines: readonly string[], by: number): string[] {
  return lines.map((line) => (line === "" ? "" : " ".repeat(by) + line));
}
