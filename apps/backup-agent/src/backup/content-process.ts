import { json } from "node:stream/consumers";
import { runCommand, type RunCommand } from "@appliance/command";
import { OperatorError, toFailure } from "@appliance/errors";
import type { BackupProgress, Log } from "@appliance/jobs";
import { ContentLine, ContentOrder, type Content } from "./content-order.ts";
import { createThrottle } from "./throttle.ts";

/** The first argument with which this program is that process. */
export const CONTENT_PROCESS = "make-content";

/** Buffers of gzip and sums of many files take a hundred megabytes, which an agent that waits for its next night must not keep. */
const SMALL_HEAP = ["--optimize-for-size", "--max-semi-space-size=4", "--max-old-space-size=192"];
const MALLOC = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "32768" };

const LONGEST_MS = 24 * 3_600_000;
const GRACE_MS = 10_000;

export interface ContentProcessDeps {
  run: RunCommand;
  onProgress: (progress: BackupProgress) => void;
  signal: AbortSignal;
  log: Log;
}

/** `makeContent` in a process of its own, whose memory is free again afterwards. @throws OperatorError as `makeContent` does */
export async function makeContentApart(order: ContentOrder, deps: ContentProcessDeps): Promise<Content> {
  let last: ContentLine | undefined;
  const onLine = (line: string, stream: "stdout" | "stderr") => {
    if (stream === "stderr")
      return deps.log.error({ line }, "the process that makes the content of a backup complains");
    last = ContentLine.parse(JSON.parse(line));
    if ("progress" in last) deps.onProgress(last.progress);
  };
  await deps.run(process.execPath, [...SMALL_HEAP, process.argv[1] ?? "", CONTENT_PROCESS], {
    input: JSON.stringify(order),
    secrets: [order.sealSecret],
    env: MALLOC,
    timeoutMs: LONGEST_MS,
    graceMs: GRACE_MS,
    signal: deps.signal,
    onLine,
  });
  if (last && "result" in last) return last.result;
  if (last && "failure" in last) throw new OperatorError(last.failure.code, last.failure.message, last.failure);
  throw new Error("the process that makes the content of a backup ended without a word");
}

/** That process: reads its order from standard input and tells what it does, a line of JSON each. */
export async function runContentProcess(): Promise<void> {
  // Not with the others at the top: an agent need not load what this process alone uses.
  const { makeContent } = await import("./make-content.ts");
  const stopping = new AbortController();
  process.once("SIGTERM", () => stopping.abort());
  // Nobody listens any more: the agent was killed.
  process.stdout.once("error", () => stopping.abort());
  const tell = (line: ContentLine) => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const onProgress = createThrottle((progress: BackupProgress) => tell({ progress }));
  try {
    const order = ContentOrder.parse(await json(process.stdin));
    tell({ result: await makeContent(order, { run: runCommand, onProgress, signal: stopping.signal }) });
  } catch (error) {
    if (!(error instanceof OperatorError)) console.error(error);
    tell({ failure: toFailure(error) });
  }
}
