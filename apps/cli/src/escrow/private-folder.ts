import { constants, mkdtempSync, rmSync } from "node:fs";
import { access, readdir, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError, isSystemError } from "@appliance/errors";

const PREFIX = "appliance-escrow-";
/** statfs(2): TMPFS_MAGIC. */
const TMPFS = 0x01021994;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Does work with secrets in a folder of its own, mode 0700, in memory where the system has a place for that (/dev/shm). The
 * folder is gone afterwards, also when the work fails or is interrupted; one whose process was killed is removed by the next call.
 * @throws OperatorError `INTERRUPTED` on a signal, once the work has ended because `signal` aborted; `DISK_FULL`
 */
export async function withPrivateFolder<T>(work: (folder: string, signal: AbortSignal) => Promise<T>): Promise<T> {
  const parent = await memoryFolder();
  await removeAbandoned(parent);
  return await untilInterrupted(async (signal) => {
    const folder = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`)); // at once, so that no exit finds one that is not known yet
    const removeFolder = () => rmSync(folder, { recursive: true, force: true });
    process.once("exit", removeFolder);
    try {
      return await work(folder, signal);
    } catch (cause) {
      throw isSystemError(cause, "ENOSPC", "EDQUOT") ? full(parent, cause) : cause;
    } finally {
      removeFolder();
      process.off("exit", removeFolder);
    }
  });
}

/** Without a listener a signal ends the process where it stands, so they are there before the work begins and until it ended. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const name of SIGNALS) process.on(name, stop);
  try {
    const result = await work(stopping.signal);
    stopping.signal.throwIfAborted();
    return result;
  } catch (cause) {
    throw stopping.signal.aborted ? interrupted(cause) : cause;
  } finally {
    for (const name of SIGNALS) process.off(name, stop);
  }
}

async function memoryFolder(): Promise<string> {
  const candidates = ["/dev/shm", `/run/user/${process.getuid?.() ?? ""}`];
  for (const folder of candidates) if (await isWritableMemory(folder)) return folder;
  return tmpdir();
}

async function isWritableMemory(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return (await statfs(folder)).type === TMPFS;
  } catch {
    return false;
  }
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(/^appliance-escrow-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    const folder = join(parent, name);
    const owner = await stat(folder).then(
      ({ uid }) => uid,
      () => undefined,
    );
    if (owner === process.getuid?.()) await rm(folder, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    return !isSystemError(err, "ESRCH");
  }
}

function full(parent: string, cause: unknown): OperatorError {
  return new OperatorError("DISK_FULL", `${parent} has no room left for the work; nothing was written.`, {
    remedy: "Make room there; in a container: docker run --shm-size 1g.",
    cause,
  });
}

function interrupted(cause: unknown): OperatorError {
  return new OperatorError("INTERRUPTED", "The work was interrupted; nothing was written.", {
    remedy: "Start it again.",
    cause,
  });
}
