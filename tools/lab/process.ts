import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface RunOptions {
  /** Given to standard input, which is then closed. */
  input?: string | Readable;
  /** The program is killed after this time. Default: 10 minutes. */
  timeoutMs?: number;
  /** Return a result with a code other than 0 instead of throwing. */
  allowFailure?: boolean;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

const TEN_MINUTES_MS = 600_000;
const SHOWN_OUTPUT = 4_000;

/**
 * Runs a program to its end and collects what it wrote.
 * @throws Error with the last lines of output when it fails or takes too long.
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = spawn(program, args, {
    stdio: "pipe",
    timeout: options.timeoutMs ?? TEN_MINUTES_MS,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
  const [code, stdout, stderr] = await Promise.all([
    ended,
    textOf(child.stdout),
    textOf(child.stderr),
    feed(child.stdin, options.input),
  ]);
  const result = { code, stdout, stderr };
  if (code !== 0 && !options.allowFailure) throw failure(program, args, result);
  return result;
}

async function textOf(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

/** A program may end without having read its input; its exit code tells more than the broken pipe. */
async function feed(stdin: Writable, input: string | Readable | undefined): Promise<void> {
  if (input === undefined || typeof input === "string") {
    stdin.on("error", () => {});
    stdin.end(input);
  } else await pipeline(input, stdin).catch(() => {});
}

function failure(program: string, args: readonly string[], { code, stdout, stderr }: RunResult): Error {
  const how = code === -1 ? "was killed" : `ended with code ${code}`;
  return new Error(`${program} ${args.join(" ")} ${how}\n${(stdout + stderr).slice(-SHOWN_OUTPUT)}`);
}

/**
 * Asks again until the answer is yes.
 * @throws Error naming `what` when it is not after `timeoutMs`.
 */
export async function waitFor(what: string, timeoutMs: number, ask: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await ask())) {
    if (Date.now() > end) throw new Error(`still waiting for ${what} after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
