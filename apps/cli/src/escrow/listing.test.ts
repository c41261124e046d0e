import { describe, expect, it } from "vitest";
import { listLines } from "./listing.ts";

const list = (text: string, columns = 20) => listLines(Buffer.from(text), columns);

describe("the printed text of a file", () => {
  it("numbers the lines of the file, and not what goes on in the next printed line", () => {
    expect(list("key: |\n  0123456789012345678901234\nend\n")).toEqual([
      { number: 1, text: "key: |" },
      { number: 2, text: "  012345678901234567" },
      { text: "8901234" },
      { number: 3, text: "end" },
    ]);
  });

  it("shows umlauts as they are", () => {
    expect(list("name: Österreich ß €")).toEqual([{ number: 1, text: "name: Österreich ß €" }]);
  });

  it("shows as numbers what the font has not, and what would be invisible or turn the text around", () => {
    expect(list("\ufeffa\t🔑\u202e\r", 80)).toEqual([{ number: 1, text: "\\u{FEFF}a\\u{9}\\u{1F511}\\u{202E}\\u{D}" }]);
  });
});
