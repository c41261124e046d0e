import { settings, type AnySetting } from "@appliance/env";
import { indented, textEntryLines } from "./yaml-text.ts";

const INTRODUCTION = `#cloud-config
# Leave the line above as it is: cloud-init ignores the file without it.
#
# All settings and secrets of {{ domain }}. Keep a copy in a safe place: with it
# and the backup the server can be made again. Another server needs a new file, else both
# share their secrets.
#
# "# key: value" is not set. To set it take "# " away, from it and from what is indented below.
# After a change:  appliance env check /app/env.yml && appliance apply`;

/**
 * The template of `appliance env create`, in its notation (`fillIn`): every setting of the table with its explanation, those of
 * a new appliance with their values and the others as comments with an example.
 */
export function defaultTemplate(): string {
  const groups = Object.entries(settings.fields ?? {}).map(([key, field]) => topLines(key, field));
  return `${spaced([INTRODUCTION.split("\n"), ...groups])
    .map(withIndent)
    .join("\n")}\n`;
}

function topLines(key: string, field: AnySetting): string[] {
  if (!field.fields) return settingLines(key, field);
  const groups = Object.entries(field.fields).map(([name, below]) => settingLines(name, below));
  return [...explanation(field), `${key}:`, ...indented(spaced(groups), 2)];
}

function settingLines(key: string, field: AnySetting): string[] {
  return isLive(field) ? liveLines(key, field) : indentedComment(exampleLines(key, field));
}

/** With a blank line between the groups. */
function spaced(groups: string[][]): string[] {
  return groups.flatMap((group, index) => (index === 0 ? group : ["", ...group]));
}

const isLive = ({ initial, fields = {} }: AnySetting): boolean =>
  initial !== undefined || Object.values(fields).some(isLive);

function liveLines(key: string, field: AnySetting): string[] {
  const { fields, item, initial = "" } = field;
  const below = fields ? entriesBelow(fields, settingLines) : [];
  if (fields) return [...explanation(field), `${key}:`, ...indented(below, 2)];
  if (item && initial === "")
    return [...explanation(field), `${key}:`, ...indented(indentedComment(exampleItem(item)), 2)];
  return [...explanation(field), ...initialLines(key, initial)];
}

function entriesBelow(fields: Record<string, AnySetting>, toLines: typeof settingLines): string[] {
  return Object.entries(fields).flatMap(([key, field]) => toLines(key, field));
}

/** Placeholders and texts as they are, since what the placeholders become needs no quotes. */
function initialLines(key: string, initial: string): string[] {
  const isBlock = initial.includes("\n") || KEY_PLACEHOLDER.test(initial);
  return isBlock ? [`${key}: |`, ...indented(initial.trimEnd().split("\n"), 2)] : [`${key}: ${initial}`];
}

function exampleLines(key: string, field: AnySetting): string[] {
  const { fields, item, entry } = field;
  if (fields) return [...explanation(field), `${key}:`, ...indented(entriesBelow(fields, exampleLines), 2)];
  if (entry) return [...explanation(field), `${key}:`, ...indented(exampleLines(entry.name, entry.value), 2)];
  if (item) return [...explanation(field), `${key}:`, ...indented(exampleItem(item), 2)];
  return [...explanation(field), ...plainLines(key, exampleOf(field))];
}

/** The item of a list; of a section the first key stands behind the dash, its explanation above. */
function exampleItem(item: AnySetting): string[] {
  if (!item.fields) return plainLines("", exampleOf(item)).map((line) => line.replace(/^: /, "- "));
  const lines = entriesBelow(item.fields, exampleLines);
  const first = lines.findIndex((line) => !line.startsWith("#"));
  return lines.map((line, index) => (index < first ? line : `${index === first ? "- " : "  "}${line}`));
}

/** A yes, a no and a number need no quotes. */
const plainLines = (key: string, value: string): string[] =>
  /^(?:true|false|[1-9]\d*)$/.test(value) ? [`${key}: ${value}`] : textEntryLines(key, value);

/** What is worth writing: something else than what holds anyway. */
function exampleOf({ example, defaultText }: AnySetting): string {
  const opposite: Record<string, string> = { true: "false", false: "true" };
  const text = example ?? (defaultText && (opposite[defaultText] ?? defaultText));
  if (text === undefined) throw new Error("a setting of the table that is not set in a new env.yml needs an example");
  return text;
}

/** So that, at the deepest indentation, no line is broken on paper, which has 96 columns. */
const WIDTH = 84;

function explanation({ doc, note, type, defaultText, initial }: AnySetting): string[] {
  const isChoice = type !== "section" && defaultText !== undefined && initial === undefined;
  const sentences = [doc, note, isChoice ? unbroken(`Default: ${defaultText}`) : undefined].filter(
    (part) => part !== undefined,
  );
  return wrapped(sentences.join(" ").replaceAll("`", "")).map((line) => `# ${line}`);
}

const NO_BREAK = "\u00a0";
const unbroken = (text: string) => text.replaceAll(" ", NO_BREAK);

function wrapped(text: string): string[] {
  return (
    text.match(new RegExp(`.{1,${WIDTH}}(?= |$)`, "g"))?.map((line) => line.trim().replaceAll(NO_BREAK, " ")) ?? []
  );
}

const indentedComment = (lines: string[]): string[] => lines.map((line) => `# ${line}`.trimEnd());

const KEY_PLACEHOLDER = /^( *)\{\{ ((?:rsa|pgp)_secret\(.*\)) \}\}$/;

/** The lines of a key stand below each other. */
const withIndent = (line: string): string =>
  line.replace(KEY_PLACEHOLDER, (_, space: string, call: string) => `${space}{{ ${call} | indent(${space.length}) }}`);
