import type { AnySetting } from "./setting.ts";
import { settings } from "./settings.ts";

const INTRODUCTION = `# env.yml: all settings

<!-- Made from libs/env/src/settings.ts by \`node tools/docs-env.ts\`. Change it there. -->

One file holds all settings and all secrets of an appliance. Its first line is \`#cloud-config\`; cloud-init reads it too. Keep a
copy in a safe place: this file and the backup are all that a recovery needs.

- It is YAML 1.1 in UTF-8: \`yes\`, \`on\` and \`true\` mean the same. Where a text is expected, a number keeps its characters,
  so that the branch \`1.10\` is no \`1.1\`.
- A key with nothing behind it, or with an empty text, is not set.
- All problems are shown at once, each with line, column and the path of its key. A wrong value is an error, and the
  configuration in use stays. An unknown key is a warning.
- \`appliance:backup:url\` means the key \`url\` below \`backup\` below \`appliance\`.
- **secret**: the value, or the password in it, never appears in a log, a status or a list of changes.
`;

/** docs/env.md, made from the table of settings. */
export function referencePage(): string {
  return [INTRODUCTION, ...sectionsBelow(settings, "")].join("\n");
}

function sectionsBelow(setting: AnySetting, path: string): string[] {
  const fields = Object.entries(setting.fields ?? {}).map(([key, field]) => ({ path: join(path, key), key, field }));
  const simple = fields.filter(({ field }) => !sectionOf(field));
  const table = simple.map(({ key, field }) => row(key, field));
  const blocks = simple.flatMap(({ key, field }) => blockExample(key, field));
  const here = simple.length === 0 ? [] : [...heading(setting, path), ...TABLE_HEAD, ...table, "", ...blocks];
  return [...here, ...fields.flatMap(({ path, field }) => nested(field, path))];
}

/** Sections, and lists of sections, get a table of their own. */
const sectionOf = (field: AnySetting) => (field.fields ? field : field.item?.fields ? field.item : undefined);

function nested(field: AnySetting, path: string): string[] {
  const section = sectionOf(field);
  if (!section) return [];
  return field === section ? sectionsBelow(field, path) : sectionsBelow({ ...section, doc: field.doc }, `${path}:N`);
}

const join = (path: string, key: string) => (path === "" ? key : `${path}:${key}`);

/** An example of several lines does not fit into a table. */
function blockExample(key: string, { example }: AnySetting): string[] {
  return example?.trimEnd().includes("\n")
    ? [`An example of \`${key}\`:`, "", "```yaml", example.trimEnd(), "```", ""]
    : [];
}

function heading({ doc, note, type, aliases = {} }: AnySetting, path: string): string[] {
  if (path === "") return ["## Top level", ""];
  const list = path.endsWith(":N") ? [" A list: `N` counts from 0."] : [];
  const optional = type.startsWith("section,") ? [" May be left out as a whole."] : [];
  const older = Object.entries(aliases).map(([alias, key]) => ` \`${alias}\` is an older name of \`${key}\`.`);
  return [`## ${path}`, "", [sentences(doc, note), ...list, ...optional, ...older].join(""), ""];
}

const TABLE_HEAD = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"];

function row(key: string, field: AnySetting): string {
  const { doc, note, type } = field;
  const example = (field.example ?? field.item?.example)?.trimEnd();
  const meaning = [
    sentences(doc, note),
    example === undefined || example.includes("\n") ? "" : `Example: \`${example}\`.`,
    field.secret ? "**secret**" : "",
  ];
  return `| \`${key}\` | ${cell(type)} | ${cell(initial(field))} | ${cell(meaning.filter((part) => part !== "").join(" "))} |`;
}

function initial({ required, defaultText, item }: AnySetting): string {
  if (required) return "**required**";
  if (defaultText === undefined) return "";
  return item ? defaultText : `\`${defaultText}\``;
}

const sentences = (doc: string, note: string | undefined) => (note === undefined ? doc : `${doc} ${note}`);

const cell = (text: string) => text.replaceAll("|", "\\|");
