import { spawnSync } from "node:child_process";
import { parseYaml } from "@appliance/yaml11";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flatten, flattenToRecord, type FlattenOptions } from "./index.ts";

const parse = (source: string) => parseYaml(source, { file: "env.yml" });
const linesOf = (source: string, trees = ["t"], options: FlattenOptions = {}) =>
  flatten(parse(source), trees, options).lines;

describe("a line", () => {
  it("keeps the source text of an unquoted timestamp, quoted where it holds a blank", () => {
    expect(linesOf("t: {a: 2001-12-14, b: 2001-12-14 21:59:43}")).toEqual([
      "T_A=2001-12-14",
      "T_B='2001-12-14 21:59:43'",
    ]);
  });

  it.each([
    ["1000.0", "1000.0"],
    ["1000", "1000"],
    ["1.0e+16", "1e+16"],
    ["9999999999999998.0", "9999999999999998.0"],
    ["0.0001", "0.0001"],
    ["0.000012", "1.2e-05"],
    ["-0.0", "-0.0"],
    ["0.0", "0.0"],
    ["1.5e+300", "1.5e+300"],
    ["-1.0e-7", "-1e-07"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
  ])("writes the number %s as Python does", (number, text) => {
    expect(linesOf(`t: {a: ${number}}`)).toEqual([`T_A=${text}`]);
  });

  it("is left out where its key would be run by a shell, and the key is named", () => {
    const { lines, unsafe } = flatten(parse('t: {"x; reboot #": 1, "$(id)": 2, "a\\nb": 3, my-key: 4, ok: 5}'), ["t"]);
    expect(lines).toEqual(["T_MY-KEY=4", "T_OK=5"]);
    expect(unsafe).toEqual(["t_$(id)", "t_a\nb", "t_x; reboot #"]);
    expect(flatten(parse('"a b": {c: 1}\nt: {"x y": {a: 1, b: 2}, z: 3}'), ["."])).toEqual({
      lines: ["T_Z=3"],
      missing: [],
      unsafe: ["a b", "t_x y"],
    });
  });

  it("joins keys by whatever the caller wants", () => {
    expect(linesOf("t: {a: {b: 1}}", ["t"], { combine: " . " })).toEqual(["T . A . B=1"]);
  });

  it("has the key as written, also where YAML 1.1 sees a truth value", () => {
    expect(linesOf("t: {on: 1, no: 2, 010: 3}")).toEqual(["T_010=3", "T_NO=2", "T_ON=1"]);
  });

  it("loses the blanks that Python strips", () => {
    expect(linesOf('t: {a: "\\u00a0\\u0085 x\\u3000", b: "  ", c: "\\ufeffx"}')).toEqual([
      "T_A=x",
      "T_B=''",
      "T_C='\ufeffx'",
    ]);
  });
});

describe("lines", () => {
  it("are sorted by code point, where UTF-16 would put rare letters before fullwidth ones", () => {
    expect(linesOf("t: {𐐀: 1, Ａ: 2, a: 3}")).toEqual(["T_A=3", "T_Ａ=2", "T_𐐀=1"]);
  });

  it("hold the later of two paths with the same key", () => {
    expect(linesOf("t: {a: {b: 1}, a_b: 2}")).toEqual(["T_A_B=2"]);
    expect(linesOf("t: {a_b: 2, a: {b: 1}}")).toEqual(["T_A_B=1"]);
  });

  it("are none for an empty mapping", () => {
    expect(flatten(parse("t: {a: {}}"), ["t"])).toEqual({ lines: [], missing: [], unsafe: [] });
  });
});

describe("the environment of a process", () => {
  const source =
    "ecs: {settings: \"A = 'x'\\n\", n: ~, f: 1000.0, list: [a b]}\nappliance: {on: yes, at: 2001-12-14 21:59:43}\n";

  it("holds the values without quotes", () => {
    expect(flattenToRecord(parse(source), ["ecs", "appliance", "missing"])).toEqual({
      ECS_SETTINGS: "A = 'x'",
      ECS_N: "",
      ECS_F: "1000.0",
      ECS_LIST_0: "a b",
      ECS_LIST_LEN: "1",
      APPLIANCE_ON: "true",
      APPLIANCE_AT: "2001-12-14 21:59:43",
    });
  });

  it("is what a shell has once it ran the lines", () => {
    const lines = linesOf("t: {b: 1, A: 2, a_b: 3, aB: 4, a: {c: 5, B: 6}}");
    const record = flattenToRecord(parse("t: {b: 1, A: 2, a_b: 3, aB: 4, a: {c: 5, B: 6}}"), ["t"]);
    expect(evaluate(lines, Object.keys(record))).toEqual(Object.values(record));
  });
});

it("is refused for a document with problems, so that half a file never reaches a process", () => {
  expect(() => flatten(parse("a: 1\na: 2\n"), ["a"])).toThrow(expect.objectContaining({ code: "YAML_UNUSABLE" }));
  expect(() => flattenToRecord(parse("- list\n"), ["."])).toThrow(expect.objectContaining({ code: "YAML_UNUSABLE" }));
});

/** What a real shell has in each variable after running the lines. */
function evaluate(lines: readonly string[], names: readonly string[]): string[] {
  const print = names.map((name) => `printf '%s\\0' "$${name}"`);
  const { stdout, status } = spawnSync("/bin/sh", ["-eu"], { input: [...lines, ...print, ""].join("\n"), env: {} });
  expect(status).toBe(0);
  return stdout.toString().split("\0").slice(0, -1);
}

describe("any value", () => {
  const hostile = fc.constantFrom(
    "'",
    '"',
    "$HOME",
    "`id`",
    "$(id)",
    "\\",
    "\n",
    "!",
    "*",
    "~",
    "#",
    ";",
    "&",
    "|",
    " ",
    "-n",
    "%s",
    "=",
  );
  const words = fc
    .array(fc.oneof(hostile, fc.string({ unit: "grapheme", maxLength: 5 })), { maxLength: 8 })
    .map((parts) => parts.join(""));
  /** What may stand in a file unescaped; the rest is the business of yaml11. */
  const readable = words.filter((value) => parse(`a: ${JSON.stringify(value)}`).root !== undefined);

  it("comes back from a real shell as it was, without blanks at its ends", () => {
    fc.assert(
      fc.property(fc.array(readable, { minLength: 1, maxLength: 8 }), (values) => {
        const document = parse(`t: ${JSON.stringify(values)}`);
        const names = values.map((_, index) => `T_${index}`);
        const { lines } = flatten(document, ["t"]);
        expect(lines).toHaveLength(values.length + 1);
        const record = flattenToRecord(document, ["t"]);
        const evaluated = evaluate(lines, names);
        expect(evaluated).toEqual(names.map((name) => record[name]));
        for (const [index, value] of values.entries()) expect(evaluated[index]?.trim()).toBe(value.trim());
      }),
      { numRuns: 150 },
    );
  });

  // Adding 0 makes 0 of -0, which JavaScript writes without its sign.
  const finite = fc.double({ noDefaultInfinity: true, noNaN: true }).map((number) => number + 0);

  it("is a float that reads back as the same float", () => {
    fc.assert(
      fc.property(finite, (number) => {
        const [line = ""] = linesOf(`t: {a: !!float ${number}}`);
        expect(Number(line.slice("T_A=".length))).toBe(number);
        expect(line).toMatch(/^T_A=-?\d+(?:\.\d+)?(?:e[-+]\d\d+)?$/);
        expect(line).toMatch(/[.e]/);
      }),
    );
  });
});
