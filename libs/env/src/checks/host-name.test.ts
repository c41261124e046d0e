import { describe, expect, it } from "vitest";
import { formatProblem } from "../index.ts";
import { parse } from "../testing/parse.ts";
import { isPublicName } from "./host-name.ts";

describe("the domain", () => {
  const withDomain = (domain: string) => parse(`#cloud-config\nappliance:\n  domain: ${domain}\n`);

  it.each(["localhost", "ecs.example", "a-1.b-2.example", `${"a".repeat(63)}.example`])("may be %s", (domain) => {
    expect(withDomain(domain)).toMatchObject({ env: { appliance: { domain } }, problems: [] });
  });

  it("is read in lower case", () => {
    expect(withDomain("Whatever.ME").env?.appliance.domain).toBe("whatever.me");
  });

  it("is shown as DNS has it when it has other letters", () => {
    const { env, problems } = withDomain("bücher.example");
    expect(env?.appliance.domain).toBe("xn--bcher-kva.example");
    expect(problems.map(formatProblem)).toEqual([
      "env.yml:3:11: warning: appliance:domain: 'bücher.example' is 'xn--bcher-kva.example' in DNS",
    ]);
  });

  it("is warned about when letters of two scripts look alike", () => {
    expect(withDomain("exаmple.org").problems[0]?.message).toMatch(/mixes Latin and Cyrillic letters/);
  });

  it.each([
    "-a.example",
    "a..example",
    "a.example.",
    "a b",
    "1.2.3",
    "0x7f.1",
    "ecs.example/x",
    "a".repeat(64),
    "*.example",
  ])("cannot be %s", (domain) => {
    expect(withDomain(JSON.stringify(domain)).problems[0]).toMatchObject({
      path: "appliance:domain",
      line: 3,
      column: 11,
    });
  });

  it.each([
    ["#cloud-config\nappliance:\n  standby: no\n", 2],
    ["#cloud-config\necs:\n", 2],
    ["#cloud-config\nappliance:\n  domain:\n", 3],
  ])("is missing in %j", (text, line) => {
    expect(parse(text).problems).toMatchObject([
      { severity: "error", path: "appliance:domain", message: "is missing", line },
    ]);
  });
});

describe("a public name", () => {
  it.each(["ecs.example.org", "localhost.example.org", "xn--bcher-kva.at", "test.at"])("is %s", (name) => {
    expect(isPublicName(name)).toBe(true);
  });

  it.each([
    ["nobody's own", ["ecs", "localhost", "a.localhost", "a.test", "a.example", "a.invalid"]],
    ["one network's own", ["a.local", "a.internal", "a.lan", "home.arpa", "a.home.arpa", "10.0.0.1"]],
    ["looked up without DNS", ["a.onion", "a.alt"]],
  ])("is none that is %s", (_what, names) => {
    expect(names.filter(isPublicName)).toEqual([]);
  });
});
