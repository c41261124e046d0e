import type { Failure } from "@appliance/errors";

/** Where the command's words go: results to standard output, progress and complaints to standard error. */
export interface Terminal {
  print: (text: string) => void;
  say: (text: string) => void;
  json: (value: unknown) => void;
}

export function createTerminal(out: NodeJS.WritableStream, err: NodeJS.WritableStream): Terminal {
  return {
    print: (text) => void out.write(`${text}\n`),
    say: (text) => void err.write(`${text}\n`),
    json: (value) => void out.write(`${JSON.stringify(value, null, 2)}\n`),
  };
}

export function formatFailure({ code, message, remedy }: Failure): string {
  return `${message}\n  → ${remedy.replaceAll("\n", "\n    ")}\n  (${code})`;
}

export function formatTime(iso: string): string {
  return iso.replace("T", " ").replace(/\.\d+Z$/, " UTC");
}
