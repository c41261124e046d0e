import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLineSplitter } from "./line-splitter.ts";
import { createOutputCapture } from "./output-capture.ts";

const chunks = fc.array(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.map((byte) => 97 + (byte % 26)))),
);

describe("createOutputCapture", () => {
  it("keeps everything up to its limit, and the first and last half of anything longer, however it arrives in pieces", () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 30 }), (pieces, half) => {
        const capture = createOutputCapture(half * 2);
        for (const piece of pieces) capture.add(piece);
        const all = Buffer.concat(pieces).toString();
        const cut = Math.max(0, all.length - half * 2);
        expect(capture.cutBytes()).toBe(cut);
        expect(capture.text()).toBe(cut === 0 ? all : `${all.slice(0, half)}\n[${cut} bytes cut]\n${all.slice(-half)}`);
      }),
    );
  });

  it("ends with whole lines once something was cut", () => {
    const capture = createOutputCapture(20);
    capture.add(Buffer.from("first line\nsecond line\nthird\n"));
    expect(capture.ending()).toBe("third\n");
  });
});

describe("createLineSplitter", () => {
  it("finds the same lines however the bytes arrive, also through the middle of a letter", () => {
    const text = "grün\r\n\nüber\nohne Ende ä";
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 })), (sizes) => {
        const lines: string[] = [];
        const splitter = createLineSplitter((line) => lines.push(line));
        let rest = Buffer.from(text);
        for (const size of sizes) {
          splitter.add(rest.subarray(0, size));
          rest = rest.subarray(size);
        }
        splitter.add(rest);
        splitter.end();
        expect(lines).toEqual(["grün", "", "über", "ohne Ende ä"]);
      }),
    );
  });
});
