import { describe, expect, it } from "vitest";
import { formatCode, parseCode, type Code } from "./code-text.ts";

const code: Code = {
  id: "F67FF448",
  number: 3,
  count: 12,
  sha256: "0123456789ABCDEF".repeat(4),
  spare: false,
  data: Uint8Array.from([1, 2, 3, 4, 5]),
};

describe("the text of a code", () => {
  it("is written in the letters of QR's alphanumeric mode, of which a code holds the most", () => {
    expect(formatCode(code)).toMatch(/^[0-9A-Z $%*+\-./:]+$/);
  });

  it("keeps its fields where the printed instructions look for them", () => {
    expect(formatCode(code).split(" ").slice(0, 3)).toEqual(["ENVYML1", "F67FF448", "003/012"]);
    expect(formatCode(code).split(" ")[4]).toBe("AEBAGBAF");
  });

  it.each([false, true])("is read back, spare %s", (spare) => {
    const read = parseCode(formatCode({ ...code, spare }));
    expect(read).toMatchObject({ ...code, spare, data: expect.anything() });
    expect(read === "damaged" || [...(read?.data ?? [])]).toEqual([1, 2, 3, 4, 5]);
  });

  it("is damaged whichever of its letters is another", () => {
    const text = formatCode(code);
    for (let at = "ENVYML1".length; at < text.length; at += 1) {
      const other = text[at] === "7" ? "6" : "7";
      expect(parseCode(text.slice(0, at) + other + text.slice(at + 1)), `letter ${at}`).toBe("damaged");
    }
  });

  it.each(["https://example.org/", "", "WIFI:T:WPA;S:guest;P:guest;;"])("is not %s", (text) => {
    expect(parseCode(text)).toBeUndefined();
  });
});
