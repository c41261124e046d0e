/** A file that must be refused, and the first problem that has to be reported: line, column and a part of the message. */
export interface HostileFile {
  readonly name: string;
  readonly source: string | Uint8Array;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const KIB = 1024;
const full = 256 * KIB;

/** As much of a pattern as the largest allowed file holds. */
const fill = (pattern: string, start = "") =>
  start + pattern.repeat(Math.floor((full - start.length) / Buffer.byteLength(pattern)));

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join("\n");

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));

const utf16 = (text: string, mark: number[] = []) => Buffer.concat([Buffer.from(mark), Buffer.from(text, "utf16le")]);

const aliasBomb = lines(9, (i) => {
  const values = Array<string>(9).fill(i === 0 ? "lol" : `*a${i - 1}`);
  return `k${i}: &a${i} [${values.join(", ")}]`;
});

/** Five doublings of 40 000 characters: within ten aliases, 1.3 MB once written out. */
const doublings = `k0: &a0 ${"x".repeat(40_000)}\n` + lines(5, (i) => `k${i + 1}: &a${i + 1} [*a${i}, *a${i}]`);

const file = (
  name: string,
  source: string | Uint8Array,
  line: number,
  column: number,
  message: string,
): HostileFile => ({
  name,
  source,
  line,
  column,
  message,
});

const encodings: HostileFile[] = [
  file("latin-1 umlaut", bytes("a: b\nname: M", [0xfc], "ller\n"), 2, 8, "not UTF-8: byte 0xfc at byte offset 12"),
  file("overlong slash", bytes("a: ", [0xc0, 0xaf]), 1, 4, "not UTF-8: byte 0xc0 at byte offset 3"),
  file("surrogate in UTF-8", bytes("a: ", [0xed, 0xa0, 0x80]), 1, 4, "not UTF-8"),
  file("character cut off at the end", bytes("a: ", [0xe2, 0x82]), 1, 4, "not UTF-8"),
  file("continuation byte alone", bytes("a: x", [0x80], "y"), 1, 5, "not UTF-8: byte 0x80 at byte offset 4"),
  file("bad byte after 200 KB", bytes("#".repeat(200_000), "\na: ", [0xff]), 2, 4, "at byte offset 200004"),
  file("UTF-16 with mark", utf16("a: b\n", [0xff, 0xfe]), 1, 1, "UTF-16"),
  file("UTF-16 big endian mark", bytes([0xfe, 0xff, 0, 0x61]), 1, 1, "UTF-16"),
  file("UTF-16 without mark", utf16("a: b\n"), 1, 1, "UTF-16"),
  file("half a character pair in a string", "a: \ud800\n", 1, 4, "half of a character pair"),
];

const characters: HostileFile[] = [
  file("NUL", "a: b\0c\n", 1, 5, "control character U+0000"),
  file("NUL bytes only", bytes([0, 0, 0, 0]), 1, 1, "control character U+0000"),
  file("escape sequence for a terminal", "a: \u001b[31mred\n", 1, 4, "control character U+001B"),
  file("bell in a comment", "a: b # \u0007\n", 1, 8, "control character U+0007"),
  file("DEL", "a: b\u007f\n", 1, 5, "control character U+007F"),
  file("C1 control", "a: b\u009bc\n", 1, 5, "control character U+009B"),
  file("marks of the lexer itself", "\u0002a: \u001fb\u0018\n", 1, 1, "control character U+0002"),
  file("carriage return alone", "a: b\rc\n", 1, 5, "control character U+000D"),
  file("noncharacter", "a: b\uffff\n", 1, 5, "control character U+FFFF"),
  file("right-to-left override", "a: user\u202e # admin\n", 1, 8, "invisible character U+202E"),
  file("isolate in a comment", "# \u2066 x\na: b\n", 1, 3, "invisible character U+2066"),
  file("zero-width space in a key", "dom\u200bain: x\n", 1, 4, "invisible character U+200B"),
  file("zero-width joiner", "a: b\u200dc\n", 1, 5, "invisible character U+200D"),
  file("byte order mark inside", "a: \ufeffb\n", 1, 4, "invisible character U+FEFF"),
  file("line separator", "a: b\u2028c\n", 1, 5, "invisible character U+2028"),
  file("tag characters", "a: b\u{E0041}\n", 1, 5, "invisible character U+E0041"),
  file("NUL by escape", 'a: "x\\0y"\n', 1, 4, "control character U+0000"),
  file("terminal sequence by escape", 'a: "\\e[2J"\n', 1, 4, "control character U+001B"),
  file("half a character pair by escape", 'a: "\\ud800"\n', 1, 4, "control character U+D800"),
];

const aliases: HostileFile[] = [
  file("alias bomb of 9 to the 9", aliasBomb, 3, 15, "more than 10 anchors or aliases"),
  file("five doublings of 40 000 characters", doublings, 5, 15, "aliases make the file too large"),
  file(
    "ten aliases of 150 000 characters",
    `a: &a ${"x".repeat(150_000)}\nb: [${"*a, ".repeat(10)}]`,
    2,
    25,
    "too large",
  ),
  file(
    "eleven anchors",
    lines(11, (i) => `k${i}: &a${i} v`),
    11,
    6,
    "more than 10 anchors",
  ),
  file("alias of itself", "a: &a [*a]\n", 1, 8, "an alias inside of what it stands for"),
  file("mapping that merges itself", "a: &a\n  <<: *a\n", 2, 7, "an alias inside of what it stands for"),
  file("alias without anchor", "a: *.pem\n", 1, 4, "no anchor of this name"),
  file("alias before its anchor", "a: *b\nc: &b d\n", 1, 4, "no anchor of this name"),
  file("alias with a tag", "a: &x 1\nb: !!str *x\n", 2, 10, "an alias with an anchor or a tag"),
  file("anchors without end", fill("&a "), 1, 31, "more than 10 anchors"),
  file("aliases without end", fill("*a "), 1, 31, "more than 10 anchors"),
  file("merge of text", "a:\n  <<: text\n", 2, 3, "<< merges something that is not a mapping"),
  file("merge of a list of text", "a:\n  <<: [x, y]\n", 2, 3, "<< merges something that is not a mapping"),
];

const tags: HostileFile[] = [
  file("tag of a JavaScript function", "a: !!js/function 'function () {}'\n", 1, 4, "unknown tag"),
  file("tag of a Python program", "a: !!python/object/apply:os.system ['id']\n", 1, 4, "unknown tag"),
  file("tag of a Ruby object", "--- !ruby/object:Gem::Installer\ni: x\n", 1, 5, "unknown tag"),
  file("verbatim tag", "a: !<tag:yaml.org,2002:python/name:os.system> x\n", 1, 4, "unknown tag"),
  file("environment tag", "a: !ENV secret\n", 1, 4, "unknown tag"),
  file("binary", "a: !!binary aGVsbG8=\n", 1, 4, "unknown tag"),
  file("set", "a: !!set {x}\n", 1, 4, "unknown tag"),
  file("redefined tag handle", "%TAG !! tag:evil.example,2000:\n---\na: !!str x\n", 1, 1, "unknown directive"),
  file("integer that is none", "a: !!int twelve\n", 1, 10, "not what its tag !!int says"),
  file("mapping called text", "a: !!str {b: c}\n", 1, 10, "not what its tag !!str says"),
  file("list called mapping", "a: !!map [b]\n", 1, 10, "not what its tag !!map says"),
  file("tags without end", fill("!!str "), 1, 60000, "more than 20000 words"),
];

const keys: HostileFile[] = [
  file("duplicate key", "a: 1\nb: 2\na: 3\n", 3, 1, "the key 'a' stands already in line 1"),
  file("duplicate key in quotes", "a: 1\n'a': 2\n", 2, 1, "the key 'a' stands already in line 1"),
  file("duplicate key __proto__", "__proto__: 1\n__proto__: 2\n", 2, 1, "the key '__proto__' stands already"),
  file("two merge keys of text", "<<: 1\n<<: 2\n", 1, 1, "<< merges something that is not a mapping"),
  file("list as key", "? [a]\n: b\n", 1, 3, "a key that is a list or a mapping"),
  file("mapping as key", "{a: b}: c\n", 1, 1, "a key that is a list or a mapping"),
  file(
    "20 000 keys",
    lines(20_000, (i) => `k${i}: 1`),
    6002,
    1,
    "more than 6000 lines",
  ),
  file(
    "2001 keys",
    lines(2001, (i) => `k${i}: 1`),
    2001,
    6,
    "more than 2000 keys",
  ),
  file(
    "2001 keys without a colon",
    `a: {${Array.from({ length: 2001 }, (_, i) => `k${i}`).join()}}`,
    1,
    10889,
    "more than 2000 keys",
  ),
  file("key of 200 000 characters", `${"k".repeat(200_000)}: v`, 1, 1, "key of more than 1024 characters"),
];

const nesting: HostileFile[] = [
  file("21 lists inside each other", "[".repeat(21) + "]".repeat(21), 1, 21, "more than 20 mappings and lists"),
  file("10 000 brackets", "[".repeat(10_000), 1, 21, "more than 20 mappings and lists"),
  file("brackets without end", fill("["), 1, 20000, "more than 20000 words"),
  file("braces without end", fill("{a: "), 1, 8003, "more than 2000 keys"),
  file("2 000 list items on a line", "- ".repeat(2000), 1, 41, "more than 20 mappings and lists"),
  file("9 000 explicit keys on a line", "? ".repeat(9_000), 1, 41, "more than 20 mappings and lists"),
  file(
    "stairs of keys",
    lines(500, (i) => `${" ".repeat(i)}a:`),
    21,
    22,
    "more than 20 mappings and lists",
  ),
  file(
    "stairs of list items",
    lines(500, (i) => `${" ".repeat(i)}-`),
    21,
    21,
    "more than 20 mappings and lists",
  ),
];

const volume: HostileFile[] = [
  file("one byte too many", "#".repeat(full + 1), 1, 1, "the file has 262145 bytes, 262144 are allowed"),
  file("a value of 1 MB", `a: ${"x".repeat(KIB * KIB)}`, 1, 1, "bytes, 262144 are allowed"),
  file("65 000 list items", fill("- a\n"), 6002, 1, "more than 6000 lines"),
  file("commas without end", fill(",", "a: ["), 1, 2005, "more than 2000 items"),
  file("closing braces without end", fill("}"), 1, 20000, "more than 20000 words"),
  file("empty strings without end", fill('"" '), 1, 30000, "more than 20000 words"),
  file("2 001 list items", "- a\n".repeat(2001), 2001, 1, "more than 2000 items"),
  file("2 000 list items without an end", `[${"a,".repeat(2000)}`, 1, 4002, "a mark is missing"),
  file("6 000 directives", "%A\n".repeat(6_000), 1, 1, "unknown directive"),
  file("6 000 documents", "---\n".repeat(6_000), 3, 1, "a second document begins"),
  file("6 000 line ends and an error", `${"\n".repeat(6_000)}@`, 6001, 1, "must not begin with this character"),
  file("line ends without end", fill("\n"), 6002, 1, "more than 6000 lines"),
  file("directives without end", fill("%A\n"), 6002, 1, "more than 6000 lines"),
  file("documents without end", fill("---\n"), 6002, 1, "more than 6000 lines"),
  file("document ends without end", fill("...\n"), 6002, 1, "more than 6000 lines"),
  file("colons without end", fill(": "), 1, 4001, "more than 2000 keys"),
  file("invisible characters without end", fill("\u200b"), 1, 1, "invisible character U+200B"),
  file("a string that never ends", fill("x", 'a: "'), 1, 262145, "a mark is missing"),
];

const syntax: HostileFile[] = [
  file("tab as indentation", "a:\n\tb: 1\n", 2, 1, "a tab as indentation"),
  file("two documents", "a: 1\n---\nb: 2\n", 2, 1, "a second document begins"),
  file("second document behind an end", "a: 1\n...\n---\nb: 2\n", 3, 1, "a second document begins"),
  file("unclosed quote", "a: 'b\n", 2, 1, "a mark is missing"),
  file("unclosed bracket", "a: [b, c\n", 2, 1, "wrong indentation"),
  file("two colons on a line", "a: b: c\n", 1, 4, "a second 'key:' on the same line"),
  file("unknown escape", 'a: "C:\\path"\n', 1, 7, "unknown escape"),
  file("value beginning with @", "a: @b\n", 1, 4, "must not begin with this character"),
  file("wrong indentation", "a:\n  b: 1\n c: 2\n", 3, 1, "wrong indentation"),
  file("text behind a quoted value", "a: 'b' c\n", 1, 8, "this does not belong here"),
  file("text instead of a directive", "%YAML 9.9\n---\na: b\n", 1, 1, "unknown directive"),
  file(
    "random bytes that are UTF-8",
    lines(300, (i) => `}${i}[@\`%"'!&*`),
    1,
    1,
    "this does not belong here",
  ),
];

const tops: HostileFile[] = [
  file("empty file", "", 1, 1, "the file has no content"),
  file("only comments", "# nothing\n\n# here\n", 1, 1, "the file has no content"),
  file("only a document mark", "---\n", 1, 1, "the file has no content"),
  file("null", "~\n", 1, 1, "the file has no content"),
  file("a single value", "appliance\n", 1, 1, "holds a single value"),
  file("a list", "- appliance\n", 1, 1, "holds a list"),
];

export const hostileFiles: readonly HostileFile[] = [
  ...encodings,
  ...characters,
  ...aliases,
  ...tags,
  ...keys,
  ...nesting,
  ...volume,
  ...syntax,
  ...tops,
];
