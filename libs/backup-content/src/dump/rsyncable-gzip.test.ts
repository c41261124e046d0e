import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { contentPieces } from "./content-pieces.ts";
import { rsyncableGzip } from "./rsyncable-gzip.ts";

/** Rows as a dump has them, 4 MB. */
const rows = Array.from(
  { length: 40_000 },
  (_, n) => `${n}\t${createHash("sha512").update(`${n}`).digest("base64")}\n`,
);
const dump = Buffer.from(rows.join(""));

async function* inChunks(data: Buffer, size: number) {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}
const collect = async (source: AsyncIterable<Buffer>) => {
  const parts: Buffer[] = [];
  for await (const part of source) parts.push(part);
  return parts;
};
const members = async (data: Buffer, chunk = 65_536) => collect(rsyncableGzip(inChunks(data, chunk)));

describe("rsyncableGzip", () => {
  it("is a gzip file of its input, of an empty one too", async () => {
    expect(gunzipSync(Buffer.concat(await members(dump))).equals(dump)).toBe(true);
    expect(gunzipSync(Buffer.concat(await members(Buffer.alloc(0)))).length).toBe(0);
  });

  it("does not depend on how the input arrives", async () => {
    expect(Buffer.concat(await members(dump, 777)).equals(Buffer.concat(await members(dump)))).toBe(true);
  });

  it("keeps nearly all bytes the same when rows are inserted at the beginning and changed in the middle", async () => {
    const changed = Buffer.from(["a new row\n", ...rows.slice(0, 20_000), "another\n", ...rows.slice(20_001)].join(""));
    const before = new Set((await members(dump)).map((member) => member.toString("base64")));
    const after = await members(changed);
    const kept = after.filter((member) => before.has(member.toString("base64")));
    expect(kept.length).toBeGreaterThanOrEqual(after.length - 4);
    expect(after.length).toBeGreaterThan(20);
  });

  it("bounds a piece also where nothing ever varies", async () => {
    const pieces = await collect(contentPieces(inChunks(Buffer.alloc(2_000_000), 65_536)));
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(512 * 1024);
  });
});
