import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import pyyamlScalars from "../vectors/pyyaml-scalars.json" with { type: "json" };
import { parseYaml, type ScalarNode, type YamlDocument } from "./index.ts";

const parse = (source: string | Uint8Array) => parseYaml(source, { file: "env.yml" });
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const messages = ({ problems }: YamlDocument) =>
  problems.map(({ line, column, message }) => `${line}:${column} ${message}`);

/** `value` is Python's `str()` of a number, because JSON holds neither big integers nor infinity. */
interface ScalarVector {
  yaml: string;
  type: ScalarNode["type"];
  value: string | boolean | null;
}

const fromPython = (type: string, value: ScalarVector["value"]) => {
  if (type !== "float") return value;
  return { inf: Infinity, "-inf": -Infinity, nan: Number.NaN }[String(value)] ?? Number(value);
};

describe("an unquoted value", () => {
  it.each(pyyamlScalars as ScalarVector[])("is what PyYAML makes of it: $yaml", ({ yaml, type, value }) => {
    const node = parse(`k: ${yaml}`).nodeAt(["k"]) as ScalarNode;
    expect(node.type).toBe(type);
    expect(type === "int" ? String(node.value) : node.value).toStrictEqual(fromPython(type, value));
  });

  it("keeps every digit of a large integer", () => {
    expect(parse("a: 123456789012345678901234567890").data).toEqual({ a: 123456789012345678901234567890n });
  });

  it("of two hundred thousand digits is text, since converting it takes seconds", () => {
    const digits = "9".repeat(200_000);
    expect(plain(parse(`a: ${digits}`).data)).toEqual({ a: digits });
  });

  it("keeps its text beside its type, so that a mode and a version can be read as written", () => {
    const document = parse(`mode: 0600\nversion: 1.10\nquoted: "0600"\nblock: |\n  x\nat: 2001-12-14 21:59:43\n`);
    expect(document.scalarSource(["mode"])).toEqual({ text: "0600", quoted: false });
    expect(document.scalarSource(["version"])).toEqual({ text: "1.10", quoted: false });
    expect(document.scalarSource(["quoted"])).toEqual({ text: "0600", quoted: true });
    expect(document.scalarSource(["block"])).toEqual({ text: "x\n", quoted: true });
    expect(plain(document.data)).toMatchObject({ mode: 384, version: 1.1, at: "2001-12-14 21:59:43" });
  });
});

describe("a file of an old installation", () => {
  it.each([
    ["with Windows line ends", "a:\r\n  b: 1\r\n  c: |\r\n    x\r\n    y\r\n", { a: { b: 1, c: "x\ny\n" } }],
    ["with a byte order mark", "\uFEFFa: 1\n", { a: 1 }],
    ["with a version directive", "%YAML 1.1\n---\na: yes\n", { a: true }],
    ["with a version directive of YAML 1.2", "%YAML 1.2\n---\na: yes\n", { a: true }],
    ["with an end mark", "a: 1\n...\n", { a: 1 }],
    ["with an end mark and comments behind it", "a: 1\n...\n# end\n", { a: 1 }],
    ["with a cloud-config header", "#cloud-config\na: 1\n", { a: 1 }],
    ["with tabs between words and before comments", "a:\t1\nb: x\ty\t# z\n", { a: 1, b: "x\ty" }],
    ["with umlauts and emoji", "a: Ärztekammer 🏥\n", { a: "Ärztekammer 🏥" }],
    ["with keys that are not words", "1: a\nyes: b\n~: c\n1.0: d\n", { 1: "a", yes: "b", "~": "c", "1.0": "d" }],
    ["with invisible characters as escapes", 'a: "x\\u200by"\n', { a: "x\u200by" }],
    ["with standard tags", "a: !!str 1\nb: !!map {c: !!int 2}\nd: !!seq [3]\n", { a: "1", b: { c: 2 }, d: [3] }],
  ])("is read: %s", (_, source, data) => {
    const document = parse(source);
    expect(messages(document)).toEqual([]);
    expect(plain(document.data)).toEqual(data);
  });

  it("may be empty, a list or a value, where the caller does not ask for keys", () => {
    expect(parse("").data).toBeNull();
    expect(parse("# x\n").data).toBeNull();
    expect(parse("- a\n").data).toEqual(["a"]);
    expect(parse("text\n").data).toBe("text");
  });

  it("is read from bytes as from text", () => {
    expect(plain(parse(Buffer.from("\uFEFFa: ä\n")).data)).toEqual({ a: "ä" });
  });
});

describe("merge keys", () => {
  it("let own keys win, wherever they stand, and earlier mappings of a list over later ones", () => {
    const source = "x: &x {p: 1, q: 1}\ny: &y {q: 2, r: 2}\na: {r: 3, <<: [*x, *y], s: 3}\n";
    expect(plain(parse(source).data)).toMatchObject({ a: { p: 1, q: 1, r: 3, s: 3 } });
  });

  it("are ordinary keys in quotes or with a tag", () => {
    expect(plain(parse("a: {!!str <<: 1}").data)).toEqual({ a: { "<<": 1 } });
    expect(plain(parse("a: {'<<': 1}").data)).toEqual({ a: { "<<": 1 } });
  });
});

describe("a key that means something to JavaScript", () => {
  it("is a key like any other and changes no prototype", () => {
    const data = parse("__proto__: {polluted: 1}\nconstructor: {prototype: 2}\n").data as Record<string, unknown>;
    expect(Object.getPrototypeOf(data)).toBeNull();
    expect(Object.keys(data)).toEqual(["__proto__", "constructor"]);
    expect("polluted" in {}).toBe(false);
  });

  it("is not found where the file does not have it", () => {
    expect(parse("a: {}").nodeAt(["a", "toString"])).toBeUndefined();
    expect(parse("a: []").nodeAt(["a", "length"])).toBeUndefined();
  });
});

describe("positions", () => {
  const document = parse(
    "# 🏥\napp:\n  🏥 x: &v [1, {b: 2}]\n  other: *v\n  m:\n    <<: &base {p: 1}\n    own: 2\n  none:\n",
  );

  it("tell key from value and count characters", () => {
    expect(document.keyPositionOf(["app"])).toEqual({ line: 2, column: 1 });
    expect(document.positionOf(["app"])).toEqual({ line: 3, column: 3 });
    expect(document.keyPositionOf(["app", "🏥 x"])).toEqual({ line: 3, column: 3 });
    expect(document.positionOf(["app", "🏥 x"])).toEqual({ line: 3, column: 11 });
    expect(document.positionOf(["app", "🏥 x", 1, "b"])).toEqual({ line: 3, column: 19 });
    expect(document.keyPositionOf(["app", "🏥 x", 1])).toEqual({ line: 3, column: 15 });
  });

  it("are the alias' own for what it stands for, and those of the anchor for what is in it", () => {
    expect(document.positionOf(["app", "other"])).toEqual({ line: 4, column: 10 });
    expect(document.positionOf(["app", "other", 0])).toEqual({ line: 3, column: 12 });
  });

  it("are those of the merged mapping for its keys", () => {
    expect(document.keyPositionOf(["app", "m", "p"])).toEqual({ line: 6, column: 16 });
    expect(document.positionOf(["app", "m", "own"])).toEqual({ line: 7, column: 10 });
  });

  it("are those of the nearest key above for what is not there", () => {
    expect(document.positionOf(["app", "m", "missing"])).toEqual({ line: 5, column: 3 });
    expect(document.positionOf(["app", "m", "missing", "deeper"])).toEqual({ line: 5, column: 3 });
    expect(document.keyPositionOf(["missing"])).toEqual({ line: 2, column: 1 });
    expect(parse("").positionOf(["missing"])).toEqual({ line: 1, column: 1 });
  });
});

describe("problems", () => {
  it("are reported all at once, in the order of the file", () => {
    const source = 'a: 1\na: 2\nb: !!js/x y\nc: *none\nd: "\\0"\ne: \u200b\n';
    expect(messages(parse(source))).toEqual([
      "2:1 the key 'a' stands already in line 1",
      "3:4 unknown tag",
      "4:4 no anchor of this name above",
      "5:4 control character U+0000",
      "6:4 invisible character U+200B",
    ]);
  });

  it("never quote a value, because values are secret", () => {
    const secret = "hunter2secret";
    const sources = [
      `a: @${secret}`,
      `a: "${secret}`,
      `a: b: ${secret}`,
      `a: *${secret}`,
      `a: !${secret} x`,
      `a: [${secret}`,
      `a: '${secret}' ${secret}`,
      `a: "\\q${secret}"`,
      `%${secret}\n---\na: 1`,
      `a: !!int ${secret}`,
      `- ${secret}\na: 1`,
    ];
    for (const source of sources) {
      const { problems } = parse(source);
      expect(problems).not.toEqual([]);
      expect(JSON.stringify(problems)).not.toContain(secret);
    }
  });

  it("are none for a file at its limits", () => {
    const keys = Array.from({ length: 1980 }, (_, i) => `# why\nkey_${i}: "value ${i}" # note`).join("\n");
    const list = `list:\n${"- a\n".repeat(1999)}`;
    const deep = `deep: ${"[".repeat(19)}${"]".repeat(19)}`;
    const shared = `shared: &s x\naliases: [${Array(10).fill("*s").join(", ")}]`;
    expect(messages(parse([keys, deep, shared].join("\n")))).toEqual([]);
    expect(messages(parse(list))).toEqual([]);
    expect(messages(parse(`a: ${"x".repeat(256 * 1024 - 3)}`))).toEqual([]);
  });

  it("respect limits that the caller sets", () => {
    const limited = (source: string, limits: object) => messages(parseYaml(source, { file: "f", limits }));
    expect(limited("a: 1", { bytes: 3 })).toEqual(["1:1 the file has 4 bytes, 3 are allowed"]);
    expect(limited("a: 1\nb: 2", { keys: 1 })).toEqual(["2:2 the file has more than 1 keys"]);
    expect(limited("- 1\n- 2", { items: 1 })).toEqual(["2:1 the file has lists of more than 1 items"]);
    expect(limited("{a, b}", { keys: 1 })).toEqual(["1:5 the file has more than 1 keys"]);
    expect(limited("a: {b: 1}\nc: 2", { keys: 2 })).toEqual(["2:2 the file has more than 2 keys"]);
    expect(limited("a: 1\n\n", { lines: 1 })).toEqual(["3:1 the file has more than 1 lines"]);
    expect(limited("a: [1]", { depth: 1 })).toEqual(["1:4 more than 1 mappings and lists inside each other"]);
  });
});

describe("any input", () => {
  const marks = [
    "a",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!x ",
    "? ",
    "~",
    "@",
    "1:30",
  ];
  const quotes = ['"', "'", "|\n", ">-\n", "#", "\\", "---\n", "...\n", "%YAML 1.1\n"];
  const blanks = ["\n", "  ", "\t", "\r\n", "\0", "\u200b", "\ud800"];
  const fragments = fc.constantFrom(...marks, ...quotes, ...blanks);
  const fragmentText = fc.array(fragments, { maxLength: 40 }).map((parts) => parts.join(""));
  const hasOneOutcome = (source: string | Uint8Array) => {
    const { data, problems } = parse(source);
    return (data === undefined) === problems.length > 0;
  };

  it("gives either data or problems, and throws nothing, for fragments of YAML", () => {
    const property = fc.property(fragmentText, (source) => {
      expect(hasOneOutcome(source)).toBe(true);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it("gives either data or problems, and throws nothing, for random bytes", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (source) => {
      expect(hasOneOutcome(source)).toBe(true);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it("gives back the same data that was written as JSON", () => {
    const key = fc.string({ unit: "grapheme-ascii", maxLength: 8 });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: "grapheme" }),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
      ),
    }));
    const visible = (text: string) => !/[\p{Cf}\p{Cc}\u2028\u2029]/u.test(text);
    fc.assert(
      fc.property(tree.map((value) => JSON.stringify(value)).filter(visible), (json) => {
        const document = parse(json);
        expect(messages(document)).toEqual([]);
        expect(plain(document.data)).toEqual(JSON.parse(json));
      }),
      { numRuns: 500 },
    );
  });
});
