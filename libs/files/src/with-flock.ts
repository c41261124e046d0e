import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { runCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import { asWriteFailure } from "./write-failure.ts";

export interface FlockOptions {
  /** How long to wait for another holder; 0 tries once. */
  waitMs: number;
  /** Ends the waiting; `work` looks at it by itself. */
  signal?: AbortSignal;
  /** Called once when another holds the lock. */
  onWait?: () => void;
}

/** The work ends the holding, so this is only above any work there is: 24 days, the longest timer of Node. */
const HELD_AT_MOST_MS = 2 ** 31 - 1;

/** What flock(1) is told to end with when another holds the lock; it ends with 1 and 64 to 71 for other reasons. */
const TAKEN = 75;

/**
 * Runs `work` while holding flock(2) on `path`, which is made if it is missing and never removed: a removed lock file is
 * another lock. The kernel ends the lock when this process dies in any way. `work` is given a signal that aborts when
 * the lock is lost, which only the end of the helper program by another hand can cause.
 * @throws OperatorError `LOCK_TAKEN` when the time is over, `COMMAND_ABORTED` when `signal` aborts the waiting.
 */
export async function withFlock<T>(
  path: string,
  options: FlockOptions,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T> {
  await createLockFile(path);
  const lock = await acquire(path, options);
  try {
    return await work(lock.lost);
  } finally {
    await lock.release();
  }
}

async function createLockFile(path: string) {
  try {
    const { O_RDONLY, O_CREAT, O_NOFOLLOW } = constants;
    await (await open(path, O_RDONLY | O_CREAT | O_NOFOLLOW, 0o600)).close();
  } catch (error) {
    throw asWriteFailure(path, error);
  }
}

interface Lock {
  lost: AbortSignal;
  release(): Promise<void>;
}

async function acquire(path: string, { waitMs, signal, onWait }: FlockOptions): Promise<Lock> {
  const atOnce = await tryLock(path, 0, signal);
  if (atOnce) return atOnce;
  if (waitMs > 0) {
    onWait?.();
    const later = await tryLock(path, waitMs, signal);
    if (later) return later;
  }
  throw new OperatorError("LOCK_TAKEN", `${path} is locked by other work, waited ${waitMs / 1000} s`, {
    remedy: "Wait until that work has ended, then try again.",
  });
}

/**
 * One run of flock(1). It becomes `cat`, which keeps the locked file open: the line that comes back says that the lock is
 * ours, the end of its input, by our word or by our death, that it is free again.
 */
async function tryLock(path: string, waitMs: number, signal: AbortSignal | undefined): Promise<Lock | undefined> {
  const input = new PassThrough();
  const waiting = new AbortController();
  const giveUp = () => waiting.abort();
  const held = Promise.withResolvers<void>();
  const patience = waitMs > 0 ? ["--timeout", String(waitMs / 1000)] : ["--nonblock"];
  const args = ["--exclusive", "--no-fork", "--conflict-exit-code", String(TAKEN), ...patience, path, "cat"];
  input.write("held\n");
  signal?.addEventListener("abort", giveUp, { once: true });
  if (signal?.aborted) giveUp();
  const run = runCommand("flock", args, {
    input,
    timeoutMs: HELD_AT_MOST_MS,
    signal: waiting.signal,
    okExitCodes: [0, TAKEN],
    onLine: () => held.resolve(),
  });
  try {
    const first = await Promise.race([held.promise, run]);
    return first === undefined ? lockOf(run, input) : undefined;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

function lockOf(run: Promise<unknown>, input: PassThrough): Lock {
  const lost = new AbortController();
  const over = run.then(
    () => lost.abort(),
    () => lost.abort(),
  );
  return {
    lost: lost.signal,
    release: () => {
      input.end();
      return over;
    },
  };
}
