import { hostileFiles } from "@appliance/yaml11/testing";
import { describe, expect, it } from "vitest";
import { formatProblem, parseEnv } from "./index.ts";
import { exampleEnv } from "./testing/example.ts";
import { appliance, parse, problemsOf } from "./testing/parse.ts";

/** What is no YAML within the limits is refused by the reader; these are YAML, and no env.yml. */
const REFUSED: [what: string, text: string, says: string][] = [
  [
    "two documents, the second for another reader",
    `${appliance()}---\nappliance: {domain: other.example}\n`,
    "4:1: a second document begins",
  ],
  ["the same key twice", appliance("standby: yes", "standby: no"), "5:3: the key 'standby' stands already in line 4"],
  ["a section that is text", "#cloud-config\nappliance: on\n", "2:12: appliance: must be a section"],
  ["a section that is a list", "#cloud-config\nappliance: [domain]\n", "2:12: appliance: must be a section"],
  [
    "a list in place of one text",
    appliance("git: {branch: [main, other]}"),
    "4:17: appliance:git:branch: must be text",
  ],
  ["no as text", appliance("git: {branch: no}"), "is a yes or no here; if the text no is meant"],
  ["a domain of signs that are none", "#cloud-config\nappliance: {domain: 'a b'}\n", "is no host name"],
  ["a domain that is an address", "#cloud-config\nappliance: {domain: 10.0.0.1}\n", "is an address"],
  ["no domain", "#cloud-config\nappliance: {}\n", "appliance:domain: is missing"],
  [
    "21 sections inside each other",
    appliance(`extra: ${"{a: ".repeat(20)}x${"}".repeat(20)}`),
    "more than 20 mappings",
  ],
];

/** A file is bytes, which cannot hold half of a character pair. */
const files = hostileFiles.filter(({ source }) => typeof source !== "string" || source.isWellFormed());

describe("an env.yml that is none", () => {
  it.each(files)("is refused at its place: $name", ({ source, line, column, message }) => {
    const { env, problems } = parseEnv(Buffer.from(source), { file: "env.yml" });
    expect(env).toBeUndefined();
    const isYaml = /^(?:the file has no content|holds a)/.test(message); // and no env.yml, of which the place is another
    expect(problems[0]).toMatchObject(isYaml ? { line: 1 } : { line, column });
  });

  it.each(REFUSED)("is refused at its place: %s", (_, text, says) => {
    expect(parse(text).env).toBeUndefined();
    expect(problemsOf(text).join("\n")).toContain(says);
  });
});

describe("what looks dangerous and is not", () => {
  const keyed = (key: string) => parse(appliance(`${key}: {polluted: yes}`));

  it.each(["__proto__", "constructor", "prototype", "hasOwnProperty", "toString"])(
    "the key %s changes nothing",
    (key) => {
      const { env, problems } = keyed(key);
      expect(Object.getPrototypeOf(env?.appliance)).toBe(Object.prototype);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
      expect(problems.map(formatProblem)[0]).toMatch(/unknown key/);
    },
  );

  it("a file with CR LF at its line ends, and one with a byte order mark, mean the same", () => {
    const plain = exampleEnv();
    const { env } = parse(plain);
    expect(env).toBeDefined();
    expect(parse(plain.replaceAll("\n", "\r\n")).env).toEqual(env);
    expect(parse(`\uFEFF${plain}`).env).toEqual(env);
    expect(parse(`${plain}...\n`).env).toEqual(env);
  });

  it.each([
    ["1.10", "1.10"],
    ["1e3", "1e3"],
    ["0x1F", "0x1F"],
    ["0600", "0600"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    ["2020-05-31", "2020-05-31"],
    ["1_000", "1_000"],
    ["12:30:45", undefined], // no name of a branch, since it has colons
  ])("a number where text is meant keeps its signs: %s", (written, kept) => {
    expect(parse(appliance(`git: {branch: ${written}}`)).env?.appliance.git.branch).toBe(kept);
  });

  it.each(["0600", '"0600"', "600", "0o600"])("a mode is octal however it is written: %s", (mode) => {
    const text = appliance(`extra: {files: [{path: /a, contents: x, permissions: ${mode}}]}`);
    expect(parse(text).env?.appliance.extra.files[0]?.permissions).toBe(0o600);
  });

  it("a domain with umlauts is shown as DNS has it, one with letters that look alike as such", () => {
    const named = (domain: string) => problemsOf(`#cloud-config\nappliance: {domain: ${domain}}\n`)[0];
    expect(named("müller.example")).toContain("'müller.example' is 'xn--mller-kva.example' in DNS");
    expect(named("раypal.example")).toContain("mixes Latin and Cyrillic letters, which look alike");
  });
});
