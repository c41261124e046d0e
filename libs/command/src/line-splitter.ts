import { StringDecoder } from "node:string_decoder";

/** A program that never ends its line must not fill the memory: longer lines arrive in pieces. */
const LONGEST_LINE = 64 * 1024;

/** Cuts a stream of bytes into lines without their line ends; `end` delivers a last line that had none. */
export function createLineSplitter(onLine: (line: string) => void): { add(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const deliver = (line: string) => onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  return {
    add(chunk) {
      const lines = (rest + decoder.write(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) deliver(line);
      if (rest.length > LONGEST_LINE) {
        deliver(rest);
        rest = "";
      }
    },
    end() {
      rest += decoder.end();
      if (rest !== "") deliver(rest);
      rest = "";
    },
  };
}
