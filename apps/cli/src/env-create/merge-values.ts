import type { MapNode, YamlNode } from "@appliance/yaml11";
import { entryLines, indented } from "./yaml-text.ts";

/**
 * Sets values in the text of an env.yml and leaves the rest of it to the character, comments included. A setting that stands
 * there as a comment comes out of it; its explanation and what stands beside it stay.
 *
 * It knows lines and indentation, not YAML: what is written with braces or quoted keys it does not find. So who calls it
 * compares the result with what was wanted.
 */
export function mergeValues(text: string, values: MapNode): string {
  const lines = text.split("\n");
  setEntries(lines, { from: 0, to: lines.length, indent: 0 }, values);
  return lines.join("\n");
}

/** Lines from `from` up to but not with `to`, whose keys stand behind `indent` blanks. */
interface Block {
  from: number;
  to: number;
  indent: number;
}

/** Changes `lines` in place. */
function setEntries(lines: string[], { from, to, indent }: Block, { entries }: MapNode): void {
  const linesBelow = lines.length - to;
  for (const [key, { value }] of entries)
    if (!isNothing(value)) setEntry(lines, { from, to: lines.length - linesBelow, indent }, key, value);
}

/** A key with nothing behind it, or with nothing but such keys, leaves what is there. */
function isNothing(node: YamlNode): boolean {
  if (node.kind === "map") return [...node.entries.values()].every(({ value }) => isNothing(value));
  return node.kind === "scalar" && node.type === "null";
}

function setEntry(lines: string[], block: Block, key: string, value: YamlNode): void {
  const at = findKey(lines, block, key, "");
  if (at !== undefined) return setLive(lines, block, at, key, value);
  const commented = findKey(lines, block, key, "# ");
  if (commented !== undefined) return setCommented(lines, block, commented, key, value);
  lines.splice(endOf(lines, block), 0, ...indented(entryLines(key, value), block.indent));
}

/** The line of a key of the block itself, or with `mark` of one that is a comment. */
function findKey(lines: string[], { from, to, indent }: Block, key: string, mark: "" | "# "): number | undefined {
  const start = `${" ".repeat(indent)}${mark}${key}:`;
  const at = lines.findIndex(
    (line, index) => index >= from && index < to && line.startsWith(start) && /^(\s|$)/.test(line.slice(start.length)),
  );
  return at < 0 ? undefined : at;
}

function setLive(lines: string[], block: Block, at: number, key: string, value: YamlNode): void {
  const extent = extentOf(lines, at, block);
  if (value.kind === "map") return setEntries(lines, { ...extent, from: at + 1 }, value);
  const end = isBlockText(lines[at] ?? "") ? extent.to : lastValueLine(lines, at, extent);
  lines.splice(at, end - at, ...indented(entryLines(key, value), block.indent));
}

function setCommented(lines: string[], block: Block, at: number, key: string, value: YamlNode): void {
  const below = openComment(lines, at, block);
  if (value.kind === "map") return setEntries(lines, below, value);
  lines.splice(at, below.to - at, ...indented(entryLines(key, value), block.indent));
}

/**
 * Takes the comment sign from a setting and from its explanation above. What is below it stays a comment, one level deeper.
 * The number of lines stays.
 * @returns what is below it
 */
function openComment(lines: string[], at: number, { to, indent }: Block): Block {
  const textOf = (index: number) => (lines[index] ?? "").slice(indent + 2);
  const space = " ".repeat(indent);
  for (let above = at - 1; isExplanation(lines[above] ?? "", space); above -= 1) lines[above] = space + textOf(above);
  lines[at] = space + textOf(at);
  const end = endOfComment(lines, at + 1, to, `${space}#`);
  const childIndent = Math.max(2, blanksBefore(textOf(at + 1)));
  for (let below = at + 1; below < end; below += 1)
    lines[below] = `${space}${" ".repeat(childIndent)}# ${textOf(below).slice(childIndent)}`.trimEnd();
  return { from: at + 1, to: end, indent: indent + childIndent };
}

const isExplanation = (line: string, space: string) => line.startsWith(`${space}# # `);

/** The lines of a comment that are indented below the first, `#   key`. */
function endOfComment(lines: string[], from: number, to: number, mark: string): number {
  const isBelow = (line: string) => line.startsWith(mark) && /^(\s{2}|\s*$)/.test(line.slice(mark.length));
  const length = lines.slice(from, to).findIndex((line) => !isBelow(line));
  return length < 0 ? to : from + length;
}

/** All lines that belong to the key in line `at`, and how deep the keys below it stand. Comments at its depth do not belong. */
function extentOf(lines: string[], at: number, { to, indent }: Block): Block {
  let end = at + 1;
  for (let index = at + 1; index < to; index += 1) {
    const line = lines[index] ?? "";
    const isDeeper = blanksBefore(line) > indent || line.startsWith(`${" ".repeat(indent)}- `);
    if (line.trim() !== "" && isDeeper) end = index + 1;
    else if (line.trim() !== "" && !isComment(line)) break;
  }
  return { from: at + 1, to: end, indent: childIndentOf(lines.slice(at + 1, end), indent + 2) };
}

function childIndentOf(lines: string[], usual: number): number {
  const first = lines.find((line) => line.trim() !== "" && !isComment(line)) ?? lines.find(isComment);
  return first === undefined ? usual : blanksBefore(first);
}

/** The end of a value that is no block of text: comments behind it may belong to what follows, or be examples. */
function lastValueLine(lines: string[], at: number, { to }: Block): number {
  const last = lines.slice(at + 1, to).findLastIndex((line) => line.trim() !== "" && !isComment(line));
  return at + 2 + last;
}

function endOf(lines: string[], { from, to }: Block): number {
  const last = lines.slice(from, to).findLastIndex((line) => line.trim() !== "");
  return from + last + 1;
}

const isBlockText = (line: string) => /: [|>][-+\d]*(\s|$)/.test(line);
const isComment = (line: string) => line.trimStart().startsWith("#");
const blanksBefore = (line: string) => line.length - line.trimStart().length;
