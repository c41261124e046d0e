import type { Readable } from "node:stream";

export interface CommandOptions {
  /** Added to PATH and LANG=C.UTF-8; nothing else is inherited. Every value counts as a secret. */
  env?: Readonly<Record<string, string>>;
  /** Default `/`. */
  cwd?: string;
  /** Standard input; without it the program reads an empty one. */
  input?: string | Uint8Array | Readable;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Kept of each stream, half from its beginning and half from its end. Default 1 MiB. */
  maxOutputBytes?: number;
  /** Texts that may appear in no error and in no line given to `onLine`. */
  secrets?: Iterable<string>;
  /** Called for each line as it arrives, without secrets. What it throws stops the program and is thrown on. */
  onLine?: (line: string, stream: "stdout" | "stderr") => void;
  /** Default `[0]`. */
  okExitCodes?: readonly number[];
  /** Time between TERM and KILL, default 5 s. */
  graceMs?: number;
}

export interface CommandResult {
  exitCode: number;
  /** UTF-8. Not redacted: it is what the program was asked for. */
  stdout: string;
  stderr: string;
  /** Bytes missing in the middle of each text; who parses an output asks that it is 0. */
  cutBytes: { stdout: number; stderr: number };
  durationMs: number;
}
