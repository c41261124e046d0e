import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase32, toBase32 } from "./base32.ts";

const wholeGroups = fc
  .array(fc.uint8Array({ minLength: 5, maxLength: 5 }), { maxLength: 40 })
  .map((groups) => Buffer.concat(groups));

describe("base32", () => {
  it("writes what `base32 -d` of coreutils reads, since the printed instructions rely on it", () => {
    const bytes = Buffer.from(Array.from({ length: 250 }, (_, at) => (at * 37) % 256));
    expect(execFileSync("base32", ["-d"], { input: toBase32(bytes) })).toEqual(bytes);
  });

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(wholeGroups, (bytes) => {
        expect(Buffer.from(fromBase32(toBase32(bytes)) ?? "refused")).toEqual(bytes);
      }),
    );
  });

  it("writes no padding, which would end a joined text in its middle", () => {
    expect(() => toBase32(Buffer.from("four"))).toThrow(RangeError);
  });

  it.each(["MZXW6YT", "MZXW6YT=", "mzxw6ytb", "MZXW6YT1"])("refuses %s", (text) => {
    expect(fromBase32(text)).toBeUndefined();
  });
});
