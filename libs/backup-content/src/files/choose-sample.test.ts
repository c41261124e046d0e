import { describe, expect, it } from "vitest";
import { chooseSample, type SampleLimits } from "./choose-sample.ts";
import type { IndexedFile } from "./record.ts";

const MB = 1024 * 1024;
const file = (path: string, size: number): IndexedFile => ({
  path,
  size,
  type: "f",
  modified: "0",
  inode: "1",
  sum: "-",
});

/** Ten folders of ten files of a megabyte, between what is no document. */
const FILES = [
  file("etc/hosts", 100),
  ...Array.from({ length: 100 }, (_, n) => file(`vault/0${Math.floor(n / 10)}/${n % 10}.gpg`, MB)),
  file("zzz", 100),
];

async function* sorted(files: readonly IndexedFile[]) {
  for (let from = 0; from < files.length; from += 7) yield files.slice(from, from + 7);
}
const choose = (limits: Partial<SampleLimits>, files = FILES) =>
  chooseSample(sorted(files), { from: "vault", bytes: 35 * MB, paths: 100, chance: Math.random, ...limits });

describe("chooseSample", () => {
  it("takes whole folders as long as they have room", async () => {
    const chosen = await choose({});
    expect(chosen).toHaveLength(3);
    for (const path of chosen) expect(path).toMatch(/^vault\/0\d$/);
    expect(new Set(chosen).size).toBe(3);
  });

  it("takes others another time", async () => {
    const times = await Promise.all(Array.from({ length: 20 }, async () => (await choose({})).toSorted().join()));
    expect(new Set(times).size).toBeGreaterThan(3);
  });

  it("takes no more paths than it may", async () => {
    expect(await choose({ paths: 2 })).toHaveLength(2);
  });

  it("takes files where no folder has room, and nothing where no file has", async () => {
    const chosen = await choose({ bytes: 3.5 * MB });
    expect(chosen).toHaveLength(3);
    for (const path of chosen) expect(path).toMatch(/^vault\/0\d\/\d\.gpg$/);
    expect(await choose({ bytes: MB })).toEqual([]);
  });

  it("counts what an empty file takes, and leaves out names that are no UTF-8", async () => {
    const empty = [file("vault/a", 0), file("vault/b", 0), file("vault/\u00c3\u00a4", 0), file("vault/\u00ff", 0)];
    expect(await choose({ bytes: 2 * 4096 }, empty)).toHaveLength(2);
    expect((await choose({}, empty)).toSorted()).toEqual(["vault/a", "vault/b", "vault/\u00e4"]);
    expect(await choose({}, [file("vault/../../etc/passwd", 0)])).toEqual([]);
  });
});
