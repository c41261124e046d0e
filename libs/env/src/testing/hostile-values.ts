import type { Path } from "@appliance/yaml11";
import { secretKeyBlock } from "./example.ts";
import { parseEnv, settings, type AnySetting, type ParsedEnv } from "../index.ts";

/** What shells, URLs, configuration files and templates give a meaning to. */
// oxfmt-ignore
const SIGNS = [
  ";id", "`id`", "$(id)", "${IFS}", "$$", "$HOME", "|", "&", ">", "\n", "a\nb", "\r", "a\r\nb", "\0", "'", '"', "\\", "\\n",
  "--option", "-oProxyCommand=id", "%0a", "%0d%0a", "%s%n", "{{7*7}}", "{% raw %}", "${x}", "${x:-y}", "~", "*", "!", "../../",
  "../../etc/shadow", "/etc/shadow", "file:///", "file:///etc/shadow", "ext::sh -c id", "http://169.254.169.254/",
  "http://redis:6379", "a@b:/#%", "-----BEGIN", "🔑", "a b", "#", "\t", "\u202e", "\u200b", "\ufeff", "\ud800", "a;b", "a{b}",
  "a.example;return 200", "*.example", "_", "~^.*$", "a".repeat(64 * 1024), "a".repeat(64 * 1024 + 1), "null", "yes", "1",
  "1e3", "0x10", "1.10", "__proto__", "constructor",
];

/** Texts that make the file `canary` when a shell, git or ssh runs a part of them. */
export const canaryMakers = (canary: string): string[] => [
  `;touch ${canary}`,
  `$(touch ${canary})`,
  `\`touch ${canary}\``,
  `|touch ${canary}`,
  `&touch ${canary}&`,
  `>${canary}`,
  `a\ntouch ${canary}\n`,
  `';touch ${canary};'`,
  `";touch ${canary};"`,
  `'"$(touch ${canary})"'`,
  `-oProxyCommand=touch ${canary}`,
  `ext::sh -c touch% ${canary}`,
];

/** Every hostile value. @param canary a file that none of them may bring into being */
export const hostileValues = (canary = "/tmp/canary"): string[] => [...SIGNS, ...canaryMakers(canary)];

/** Right as it is, and with what each other setting needs beside it. */
const BASE = {
  ssh_authorized_keys: [],
  ssh_deprecated_keys: [],
  appliance: {
    domain: "ecs.example",
    allowed_hosts: [],
    ssl: {
      letsencrypt: { external_account: { key_id: "id", hmac_key: "A".repeat(43) } },
      key: "key.pem",
      cert: "cert.pem",
    },
    sentry: {},
    metric: {},
    git: {},
    extra: { files: [{ path: "/path/of/file", contents: "x" }], packages: [] },
    update: {},
    storage: { ignore: {} },
    dkim: {},
    backup: {
      url: "file:///mnt/x/y",
      password: "a password of the backups",
      encrypt: secretKeyBlock,
      environment: {},
      retention: {},
      mount: { type: "cifs", source: "//host/share", target: "/mnt/x" },
      targets: [
        {
          name: "second",
          engine: "restic",
          url: "file:///mnt/y/z",
          environment: {},
          retention: {},
          mount: { type: "cifs", source: "//host/share", target: "/mnt/y" },
        },
      ],
    },
    database: {},
  },
  ecs: { git: {}, userswitcher: {} },
};

export interface SettingLeaf {
  /** `appliance:extra:files:0:path` */
  name: string;
  path: Path;
  secret: boolean;
}

/** Every setting that holds one value, the first item standing for all of a list, and one key for those of the operator's own. */
export const everyLeaf: readonly SettingLeaf[] = leaves(settings);

function leaves({ fields, item, entry }: AnySetting, path: Path = []): SettingLeaf[] {
  const below = Object.entries(fields ?? {}).map(([key, field]) => ({ step: key, field }));
  const first = item ? [{ step: 0, field: item }] : [];
  const named = entry ? [{ step: entry.name, field: entry.value }] : [];
  return [...below, ...first, ...named].flatMap(({ step, field }) => {
    const at = [...path, step];
    return field.fields || field.item || field.entry
      ? leaves(field, at)
      : [{ name: at.join(":"), path: at, secret: field.secret ?? false }];
  });
}

type Section = Record<string | number, unknown>;

/** What stands at a path of a tree of settings. */
export const valueAt = (tree: unknown, path: Path): unknown =>
  path.reduce((node, step) => (node as Section)[step], tree);

/** The text of an env.yml that is right but for this value; unusual characters are escapes, so that they get to the check. */
export function envWith(path?: Path, value?: string): string {
  const data = structuredClone(BASE);
  if (path) (valueAt(data, path.slice(0, -1)) as Section)[path.at(-1)!] = value;
  return `#cloud-config\n${JSON.stringify(data).replaceAll(/[\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)}\n`;
}

export const parseWith = (path?: Path, value?: string): ParsedEnv =>
  parseEnv(Buffer.from(envWith(path, value)), { file: "env.yml" });

const escaped = (sign: string) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
