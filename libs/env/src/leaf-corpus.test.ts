import type { Path } from "@appliance/yaml11";
import { describe, expect, it } from "vitest";
import { formatProblem, parseEnv, settings, type AnySetting } from "./index.ts";

/** What shells, URLs, configuration files and templates give a meaning to. */
// oxfmt-ignore
const CORPUS = [
  ";id", "`id`", "$(id)", "${IFS}", "|", "&", ">", "\n", "a\nb", "\r", "\0", "'", '"', "\\", "--option", "-oProxyCommand=id",
  "%0a", "{{7*7}}", "${x}", "../../", "../../etc/shadow", "/etc/shadow", "file:///", "-----BEGIN", "🔑", "a b", "#", "\t",
  "\u202e", "\u200b", "\ufeff", "\ud800", "a".repeat(64 * 1024), "a".repeat(64 * 1024 + 1), "null", "yes", "1", "__proto__",
];

/** Right as it is, and with what each other setting needs beside it. */
const BASE = {
  ssh_authorized_keys: [],
  ssh_deprecated_keys: [],
  appliance: {
    domain: "ecs.example",
    allowed_hosts: [],
    ssl: { letsencrypt: {}, key: "key.pem", cert: "cert.pem" },
    sentry: {},
    metric: {},
    git: {},
    extra: { files: [{ path: "/path/of/file", contents: "x" }], packages: [] },
    update: {},
    storage: { ignore: {} },
    dkim: {},
    backup: { url: "file:///mnt/x/y", mount: { type: "cifs", source: "//host/share", target: "/mnt/x" } },
    database: {},
  },
  ecs: { git: {}, userswitcher: {} },
};

/** Every setting that holds one value, the first item standing for all of a list. */
function leaves({ fields, item }: AnySetting, path: Path = []): { path: Path; secret: boolean }[] {
  const below = Object.entries(fields ?? {}).map(([key, field]) => ({ step: key, field }));
  const first = item ? [{ step: 0, field: item }] : [];
  return [...below, ...first].flatMap(({ step, field }) => {
    const at = [...path, step];
    return field.fields || field.item ? leaves(field, at) : [{ path: at, secret: field.secret ?? false }];
  });
}

type Section = Record<string | number, unknown>;
const valueAt = (tree: unknown, path: Path): unknown => path.reduce((node, step) => (node as Section)[step], tree);

/** The base with one other value; every unusual character is an escape, so that the value gets as far as its check. */
function parseWith(path: Path, value: string) {
  const data = structuredClone(BASE);
  (valueAt(data, path.slice(0, -1)) as Section)[path.at(-1)!] = value;
  const json = JSON.stringify(data).replaceAll(/[\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
  return parseEnv(Buffer.from(`#cloud-config\n${json}\n`), { file: "env.yml" });
}

const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;

function hasDefinedOutcome(path: Path, name: string, value: string): boolean {
  const { env, problems } = parseWith(path, value);
  if (!env) return problems.every(({ severity, path }) => severity === "warning" || path === "" || path === name);
  const kept = valueAt(env, path);
  return typeof kept === "boolean" ? kept && value === "yes" : kept === value;
}

const everyLeaf = leaves(settings).map(({ path, secret }) => ({ name: path.join(":"), path, secret }));

describe("a value that a shell, a URL or a template would act on", () => {
  it("is tried on every setting of a file that is right otherwise", () => {
    expect(parseEnv(Buffer.from(`#cloud-config\n${JSON.stringify(BASE)}`), { file: "" }).problems).toEqual([]);
    expect(everyLeaf.length).toBeGreaterThan(40);
  });

  it.each(everyLeaf)("is refused at its place or kept to the character in $name", ({ name, path }) => {
    expect(CORPUS.filter((value) => !hasDefinedOutcome(path, name, value))).toEqual([]);
  });

  const refused = [
    ["appliance:domain", CORPUS.filter((value) => !["null", "yes"].includes(value))],
    ["appliance:extra:packages:0", [";id", "$(id)", "--option", "a b", "../../", "|", "🔑"]],
    ["appliance:extra:files:0:path", [";id", "../../etc/shadow", "--option", "file:///", "{{7*7}}"]],
    ["appliance:backup:url", ["--option", "-oProxyCommand=id", "../../", "/etc/shadow", ";id", "$(id)"]],
    ["appliance:backup:mount:target", ["--option", "../../", "/etc/shadow", ";id"]],
    ["ecs:git:source", ["--option", "-oProxyCommand=id", ";id", "../../", "file:///"]],
    ["ecs:git:branch", ["--option", "-oProxyCommand=id", "a b", "../../", "a\nb"]],
    ["appliance:update:oncalendar", [";id", "$(id)", "a\nb"]],
  ] as const;

  it.each(refused)("is refused in %s", (name, values) => {
    const path = everyLeaf.find((leaf) => leaf.name === name)!.path;
    expect(values.filter((value) => parseWith(path, value).env !== undefined)).toEqual([]);
  });

  it("is kept in the settings of the application, which are handed on as they are", () => {
    const free = CORPUS.filter((value) => value.length <= 64 * 1024 && !/[\0\r\p{Cs}]/u.test(value));
    expect(free.filter((value) => parseWith(["ecs", "settings"], value).env?.ecs.settings !== value)).toEqual([]);
  });
});

describe("a problem with a secret setting", () => {
  const shapes = (secret: string) => [
    secret,
    `x://user:${secret}@host/`,
    `sftp://user:${secret}/x@host/`,
    `https://${secret}@host:port`,
    `-----BEGIN ${secret}-----`,
    `user=${secret} \n`,
  ];

  it.each(everyLeaf.filter(({ secret }) => secret))("does not show it: $name", ({ path }) => {
    const texts = shapes("hunter22").map((value) => parseWith(path, value).problems.map(formatProblem).join("\n"));
    expect(texts.join("\n")).not.toContain("hunter22");
  });
});
