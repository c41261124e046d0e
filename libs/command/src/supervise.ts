import type { ChildProcess } from "node:child_process";
import { Readable } from "node:stream";
import { redact } from "@appliance/errors";
import type { CommandOptions } from "./command.ts";
import { createLineSplitter } from "./line-splitter.ts";
import { createOutputCapture, type OutputCapture } from "./output-capture.ts";
import { terminateGroup } from "./process-group.ts";

const MEBIBYTE = 1024 * 1024;
const GRACE_MS = 5_000;

/** Node turns a longer timer into one of 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A background process may keep the output open for ever after the program has ended: silence this long is the end. */
const SILENCE_AFTER_EXIT_MS = 1_000;

/** Why a program was ended from here. */
export type Stop = { reason: "timeout" } | { reason: "aborted" } | { reason: "broken"; error: unknown };

/** A program that was started and is over. */
export interface Run {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stop: Stop | undefined;
  stdout: OutputCapture;
  stderr: OutputCapture;
}

/** Follows `child` to its end; the first reason to stop ends its whole group. Rejects when it could not be started. */
export async function supervise(child: ChildProcess, options: CommandOptions): Promise<Run> {
  const stopper = createStopper(child, options.graceMs ?? GRACE_MS);
  const limit = options.maxOutputBytes ?? MEBIBYTE;
  const stdout = createOutputCapture(limit);
  const stderr = createOutputCapture(limit);
  const ended = endOf(child);
  const lines = [
    collect(child.stdout, stdout, toLines("stdout", options, stopper.stop)),
    collect(child.stderr, stderr, toLines("stderr", options, stopper.stop)),
  ];
  feed(child, options.input, stopper.stop);
  const release = stopOn(options, stopper.stop);
  try {
    await Promise.race([ended, stopper.stopped]);
    for (const line of lines) line.end();
  } finally {
    release();
  }
  // A reason that arrives now, such as a line callback that throws at the very end, still counts.
  if (stopper.reason()) await stopper.stopped;
  return { exitCode: child.exitCode, signal: child.signalCode, stop: stopper.reason(), stdout, stderr };
}

/** Resolves when the program has ended and its output is over. */
function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
    child.once("exit", () => closeWhenSilent(child));
  });
}

function closeWhenSilent(child: ChildProcess) {
  const timer = setTimeout(() => closeOutput(child), SILENCE_AFTER_EXIT_MS);
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", () => timer.refresh());
  child.once("close", () => clearTimeout(timer));
}

function closeOutput(child: ChildProcess) {
  child.stdout?.destroy();
  child.stderr?.destroy();
}

function createStopper(child: ChildProcess, graceMs: number) {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  let reason: Stop | undefined;
  const stop = (why: Stop) => {
    if (reason || child.pid === undefined) return;
    reason = why;
    void terminateGroup(child.pid, graceMs).finally(() => {
      // What left the group may still hold the output open.
      closeOutput(child);
      child.stdin?.destroy();
      resolve();
    });
  };
  return { stop, stopped, reason: () => reason };
}

function stopOn({ timeoutMs, signal }: CommandOptions, stop: (why: Stop) => void): () => void {
  const timer = setTimeout(() => stop({ reason: "timeout" }), Math.min(timeoutMs, LONGEST_TIMER_MS));
  const onAbort = () => stop({ reason: "aborted" });
  signal?.addEventListener("abort", onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
}

function toLines(stream: "stdout" | "stderr", { onLine, secrets }: CommandOptions, stop: (why: Stop) => void) {
  if (!onLine) return undefined;
  const hidden = [...(secrets ?? [])];
  return createLineSplitter((line) => {
    try {
      onLine(redact(line, hidden), stream);
    } catch (error) {
      stop({ reason: "broken", error });
    }
  });
}

function collect(stream: Readable | null, capture: OutputCapture, lines: ReturnType<typeof toLines>) {
  stream?.on("data", (chunk: Buffer) => {
    capture.add(chunk);
    lines?.add(chunk);
  });
  return { end: () => lines?.end() };
}

/** A program may end, or close its input, before it has read everything: that is its right and no error of ours. */
function feed({ stdin }: ChildProcess, input: CommandOptions["input"], stop: (why: Stop) => void) {
  if (!stdin || input === undefined) return;
  stdin.on("error", () => undefined);
  if (!(input instanceof Readable)) {
    stdin.end(input);
    return;
  }
  // Not stream.pipeline: it would make the program's early end an error of the source.
  input.once("error", (error) => stop({ reason: "broken", error }));
  stdin.once("close", () => input.destroy());
  input.pipe(stdin);
}
