import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Code } from "./code-text.ts";
import { pageOfCode } from "./paper-layout.ts";
import { namePlaces, restoreFiles } from "./restore.ts";
import { splitFile } from "./split.ts";

const scanned = (codes: readonly Code[], source = "scan") => codes.map((code) => ({ code, source }));
const twelve = randomBytes(11_000);

describe("a file as codes", () => {
  it("comes back whatever its content, in any order and with codes read twice", () => {
    const files = fc.uint8Array({ maxLength: 12_000 });
    fc.assert(
      fc.property(files, fc.infiniteStream(fc.integer()), (file, order) => {
        const { parts } = splitFile(file);
        const shuffled = [...parts, ...parts.slice(0, 3)]
          .map((code) => ({ code, rank: order.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ code }) => code);
        expect(Buffer.from(restoreFiles(scanned(shuffled))[0]?.file ?? "lost")).toEqual(Buffer.from(file));
      }),
      { numRuns: 30 },
    );
  });

  it("fills whole pages with codes that are not larger than a page's codes can be", () => {
    const { parts } = splitFile(twelve);
    expect(parts).toHaveLength(12);
    expect(new Set(parts.map(({ data }) => data.length)).size).toBe(1);
  });

  it("comes back without any one page, from the spare codes", () => {
    const { parts, spares } = splitFile(twelve);
    for (const page of [2, 3, 4]) {
      const left = parts.filter(({ number }) => pageOfCode(number) !== page);
      const [restored] = restoreFiles(scanned([...left, ...spares]));
      expect(Buffer.from(restored?.file ?? "lost"), `without page ${page}`).toEqual(twelve);
      expect(restored?.rebuilt).toHaveLength(4);
    }
  });

  it("does not come back when two codes of one place are lost, and says which", () => {
    const { parts, spares } = splitFile(twelve);
    const left = parts.filter(({ number }) => number !== 2 && number !== 10);
    const [restored] = restoreFiles(scanned([...left, ...spares]));
    expect(restored).toMatchObject({ missing: [2, 10], rebuilt: [] });
    expect(restored?.file).toBeUndefined();
  });

  it("is told apart from another, and from another packing of the same", () => {
    const [one, other] = [splitFile(twelve), splitFile(randomBytes(3000))];
    const mixed = restoreFiles([...scanned(one.parts, "a"), ...scanned(other.parts.slice(1), "b")]);
    expect(mixed).toHaveLength(2);
    expect(mixed.find(({ id }) => id === one.id)).toMatchObject({ sources: ["a"], missing: [] });
    expect(mixed.find(({ id }) => id === other.id)).toMatchObject({ sources: ["b"], missing: [1] });
  });

  it("is refused when what its codes hold is not what their checksum of the whole says", () => {
    const forged = splitFile(twelve).parts.map((code) => ({ ...code, sha256: "0".repeat(64) }));
    expect(restoreFiles(scanned(forged))[0]?.file).toBeUndefined();
  });

  it("is refused when it is too much for paper", () => {
    expect(() => splitFile(randomBytes(500_000))).toThrow(expect.objectContaining({ code: "ENV_TOO_LARGE" }));
  });
});

describe("namePlaces", () => {
  it("says on which page each code is printed", () => {
    expect(namePlaces([3, 4, 9])).toBe("3, 4 (page 2) and 9 (page 4)");
  });
});
