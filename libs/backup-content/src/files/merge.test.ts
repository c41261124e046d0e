import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeByPath } from "./merge.ts";

const stream = fc.record({
  paths: fc.uniqueArray(fc.string({ maxLength: 3 })).map((paths) => paths.sort()),
  sizes: fc.array(fc.nat({ max: 4 }), { minLength: 1 }),
});

/** Batches of any size, empty ones among them. */
async function* inBatches({ paths, sizes }: { paths: string[]; sizes: number[] }) {
  let from = 0;
  for (let n = 0; from < paths.length; n++) {
    const size = n < sizes.length ? sizes[n]! : 2;
    yield paths.slice(from, from + size).map((path) => ({ path }));
    from += size;
  }
}

describe("mergeByPath", () => {
  it("has each path once, in order, with what either stream has of it, however they arrive", async () => {
    await fc.assert(
      fc.asyncProperty(stream, stream, async (left, right) => {
        const pairs = [];
        for await (const batch of mergeByPath(inBatches(left), inBatches(right))) pairs.push(...batch);
        const all = [...new Set([...left.paths, ...right.paths])].sort();
        const of = (paths: string[], path: string) => (paths.includes(path) ? { path } : undefined);
        expect(pairs).toEqual(all.map((path) => [of(left.paths, path), of(right.paths, path)]));
      }),
    );
  });

  it("closes both when its reader stops", async () => {
    const closed: string[] = [];
    async function* endless(name: string) {
      try {
        for (let n = 0; ; n++) yield [{ path: String(n) }];
      } finally {
        closed.push(name);
      }
    }
    for await (const pairs of mergeByPath(endless("left"), endless("right"))) if (pairs.length > 0) break;
    expect(closed.sort()).toEqual(["left", "right"]);
  });
});
