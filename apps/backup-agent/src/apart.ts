import { json } from "node:stream/consumers";
import type { RunCommand } from "@appliance/command";
import { OperatorError, toFailure } from "@appliance/errors";
import { BackupProgress, type Log } from "@appliance/jobs";
import * as z from "zod";

/** Work in a process of its own: this program, started again with `argument`. */
export interface Apart<Order, Result> {
  argument: string;
  /** What it is told on its standard input. */
  order: z.ZodType<Order>;
  result: z.ZodType<Result>;
}

export interface ApartDeps {
  run: RunCommand;
  signal: AbortSignal;
  onProgress?: (progress: BackupProgress) => void;
  /** Of the order, to be seen in no text. */
  secrets: readonly string[];
  /** Told of what is no failure that an operator can understand. */
  log?: Log;
  /** The file of this program. Default: the one that was started. */
  program?: string;
}

/** Buffers and sums of many files take a hundred megabytes, which an agent that waits for its next night must not keep. */
const SMALL_HEAP = ["--optimize-for-size", "--max-semi-space-size=4", "--max-old-space-size=192"];
const MALLOC = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "32768" };

const LONGEST_MS = 48 * 3_600_000;
const GRACE_MS = 10_000;

const Failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

/** A line of its standard output. The last one is a result or a failure. */
const Line = z.union([
  z.object({ progress: BackupProgress }),
  z.object({ result: z.unknown() }),
  z.object({ failure: Failure }),
]);
type Line = z.infer<typeof Line>;

/** Has the work done in a process of its own, whose memory is free again afterwards. @throws OperatorError as the work does */
export async function runApart<O, R>({ argument, result }: Apart<O, R>, order: O, deps: ApartDeps): Promise<R> {
  let last: Line | undefined;
  const onLine = (line: string, stream: "stdout" | "stderr") => {
    if (stream === "stderr") return deps.log?.error({ line, process: argument }, "a process of its own complains");
    last = Line.parse(JSON.parse(line));
    if ("progress" in last) deps.onProgress?.(last.progress);
  };
  await deps.run(process.execPath, [...SMALL_HEAP, deps.program ?? process.argv[1] ?? "", argument], {
    input: JSON.stringify(order),
    secrets: deps.secrets,
    env: MALLOC,
    timeoutMs: LONGEST_MS,
    graceMs: GRACE_MS,
    signal: deps.signal,
    onLine,
  });
  if (last && "result" in last) return result.parse(last.result);
  if (last && "failure" in last) throw new OperatorError(last.failure.code, last.failure.message, last.failure);
  throw new Error(`the process for ${argument} ended without a word`);
}

export interface ApartContext {
  signal: AbortSignal;
  onProgress: (progress: BackupProgress) => void;
}

/** That process: reads its order from standard input and tells what it does, a line of JSON each. */
export async function serveApart<O, R>(
  { order }: Apart<O, R>,
  work: (order: O, context: ApartContext) => Promise<R>,
): Promise<void> {
  const stopping = new AbortController();
  process.once("SIGTERM", () => stopping.abort());
  // Nobody listens any more: the agent was killed.
  process.stdout.once("error", () => stopping.abort());
  const tell = (line: Line) => void process.stdout.write(`${JSON.stringify(line)}\n`);
  try {
    const read = order.parse(await json(process.stdin));
    tell({ result: await work(read, { signal: stopping.signal, onProgress: (progress) => tell({ progress }) }) });
  } catch (error) {
    if (!(error instanceof OperatorError)) console.error(error);
    tell({ failure: toFailure(error) });
  }
}
