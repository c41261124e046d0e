import { describe, expect, it } from "vitest";
import { toCollection } from "./chains.ts";
import { inspect } from "./inspect.ts";
import { createLogReader, parseListedFile, unescapeName, type LogMessage } from "./machine-log.ts";
import { parseManifest } from "./manifest.ts";

const SUM = "3e52df2e29cdb17a1c16c4020816cda589b96906";
const volume = (n: number) =>
  `Volume ${n}:\n    StartingPath   .  \n    EndingPath     "a\\x20b"  \n    Hash SHA1 ${SUM}\n`;

describe("parseManifest", () => {
  it("reads the sums of an unbroken row of volumes, with or without the list of files that 0.8 writes behind it", () => {
    const text = `Hostname vm\nLocaldir /data\n${volume(1)}${volume(2)}Filelist 1\n    new  "Volume\\x209:"\n`;
    expect(parseManifest(text)).toEqual(new Map([[1, SUM], [2, SUM]])); // oxfmt-ignore
  });

  it.each([
    ["nothing", ""],
    ["a row that begins with the second volume", volume(2)],
    ["a volume whose sum was cut off", volume(1) + volume(2).slice(0, -20)],
    ["a volume without its sum", `${volume(1)}Volume 2:\n    StartingPath   .  \n`],
  ])("takes %s for damaged", (_, text) => {
    expect(parseManifest(text)).toBeUndefined();
  });
});

describe("inspect", () => {
  const stamp = "20260101T003000Z";
  const name = (n: number) => `duplicity-full.${stamp}.vol${n}.difftar.gpg`;
  const manifest = `duplicity-full.${stamp}.manifest.gpg`;
  const signatures = `duplicity-full-signatures.${stamp}.sigtar.gpg`;
  const look = (names: string[], sizes: Record<string, number | null> = {}, known = {}) =>
    inspect(toCollection(names).chains, {
      sizes: new Map(Object.entries(sizes)),
      manifests: new Map([[stamp, new Map([[1, SUM], [2, SUM]])]]), // oxfmt-ignore
      known,
    });

  it("finds nothing where everything is, also where a target tells no sizes", () => {
    expect(look([manifest, signatures, name(1), name(2)], { [name(1)]: null })).toEqual([]);
  });

  it("names what the manifest lists and the target does not", () => {
    const missing = { code: "BACKUP_VOLUME_MISSING", chain: stamp, names: [name(2)] };
    expect(look([manifest, signatures, name(1)])).toEqual([missing]);
  });

  it("names what is empty, and what has another size than once", () => {
    const sizes = { [name(1)]: 0, [name(2)]: 99 };
    const corrupt = { code: "BACKUP_VOLUME_CORRUPT", chain: stamp, names: [name(1), name(2)] };
    const known = { [name(2)]: { size: 100 } };
    expect(look([manifest, signatures, name(1), name(2)], sizes, known)).toEqual([corrupt]);
  });
});

describe("createLogReader", () => {
  it("puts messages together, and takes nothing in a text for a message of its own", () => {
    const messages: LogMessage[] = [];
    const reader = createLogReader((message) => messages.push(message));
    const lines = ["Error accessing a", "WARNING 10 'a'", ". cannot read a", ". ERROR 31", "", "INFO 2 5000"];
    for (const line of lines) reader.line(line);
    reader.end();
    expect(messages).toEqual([
      { level: "WARNING", code: 10, extra: "'a'", text: "cannot read a\nERROR 31" },
      { level: "INFO", code: 2, extra: "5000", text: "" },
    ]);
  });
});

describe("names of listed files", () => {
  it.each([
    ["a\\nb", Buffer.from("a\nb")],
    ["\\x27 \\\\n", Buffer.from("' \\n")],
    ["\\xfc\\u20ac\\U0001f600", Buffer.from("ü€😀")],
    ["x\\udcff\\udcfe", Buffer.from([0x78, 0xff, 0xfe])],
  ])("%s becomes its bytes", (escaped, bytes) => {
    expect(unescapeName(escaped)).toEqual(bytes);
  });

  it("are read with time and type", () => {
    const modifiedAt = new Date("2026-11-22T17:26:11Z");
    expect(parseListedFile("20261122T172611Z 'it\\x27s reg' reg")).toEqual({
      path: Buffer.from("it's reg"),
      modifiedAt,
      type: "reg",
    });
  });
});
