import type { Path } from "@appliance/yaml11";
import { describe, expect, it } from "vitest";
import { formatProblem } from "./index.ts";
import { everyLeaf, hostileValues, parseWith, valueAt } from "./testing/hostile-values.ts";

const CORPUS = hostileValues();

function hasDefinedOutcome(path: Path, name: string, value: string): boolean {
  const { env, problems } = parseWith(path, value);
  if (!env) return problems.every(({ severity, path }) => severity === "warning" || path === "" || path === name);
  const kept = valueAt(env, path);
  return typeof kept === "boolean" ? kept && value === "yes" : String(kept) === value;
}

describe("a value that a shell, a URL or a template would act on", () => {
  it("is tried on every setting of a file that is right otherwise", () => {
    expect(parseWith().problems).toEqual([]);
    expect(everyLeaf.length).toBeGreaterThan(40);
  });

  it.each(everyLeaf)("is refused at its place or kept to the character in $name", ({ name, path }) => {
    expect(CORPUS.filter((value) => !hasDefinedOutcome(path, name, value))).toEqual([]);
  });

  const refused = [
    ["appliance:domain", CORPUS.filter((value) => !["null", "yes", "1e3", "constructor"].includes(value))],
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
