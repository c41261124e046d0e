import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withFlock } from "./index.ts";

let folder: string;
let lock: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "files-"));
  lock = join(folder, "lock");
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that takes the lock and holds it until it is ended. */
async function holder(): Promise<ChildProcess> {
  const library = JSON.stringify(join(import.meta.dirname, "index.ts"));
  const source = `const { withFlock } = await import(${library});
    await withFlock(${JSON.stringify(lock)}, { waitMs: 0 }, () => { console.log("held"); return new Promise((r) => setTimeout(r, 30_000)); });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(child);
  await once(child.stdout, "data");
  return child;
}

const isFree = () => spawnSync("flock", ["--nonblock", lock, "true"]).status === 0;

describe("withFlock", () => {
  it("holds the lock while the work runs, and no longer, whether it ends well or not", async () => {
    expect(await withFlock(lock, { waitMs: 0 }, async () => isFree())).toBe(false);
    expect(isFree()).toBe(true);
    const broken = withFlock(lock, { waitMs: 0 }, async () => Promise.reject(new Error("work broke")));
    await expect(broken).rejects.toThrow("work broke");
    expect(isFree()).toBe(true);
  });

  it("is told at once that another process has it", async () => {
    await holder();
    await expect(withFlock(lock, { waitMs: 0 }, async () => "both")).rejects.toMatchObject({ code: "LOCK_TAKEN" });
  });

  it("waits for another process, says so once, and gets the lock when that process is killed", async () => {
    const other = await holder();
    let waits = 0;
    const got = withFlock(lock, { waitMs: 20_000, onWait: () => waits++ }, async () => "ours");
    await expect.poll(() => waits, { timeout: 10_000 }).toBe(1);
    await sleep(300);
    other.kill("SIGKILL");
    expect(await got).toBe("ours");
    expect(waits).toBe(1);
  });

  it("does not say that it waits when the lock is free", async () => {
    let waits = 0;
    await withFlock(lock, { waitMs: 1_000, onWait: () => waits++ }, async () => undefined);
    expect(waits).toBe(0);
  });

  it("gives up when the time is over", async () => {
    await holder();
    const startedAt = performance.now();
    await expect(withFlock(lock, { waitMs: 400 }, async () => "both")).rejects.toMatchObject({
      code: "LOCK_TAKEN",
      message: `${lock} is locked by other work, waited 0.4 s`,
    });
    expect(performance.now() - startedAt).toBeGreaterThan(390);
  });

  it("gives up when its work is cancelled, and takes no lock then", async () => {
    const other = await holder();
    const stop = new AbortController();
    const waiting = withFlock(lock, { waitMs: 20_000, signal: stop.signal }, async () => "both");
    setTimeout(() => stop.abort(), 100);
    await expect(waiting).rejects.toMatchObject({ code: "COMMAND_ABORTED" });
    other.kill("SIGKILL");
    await once(other, "exit");
    await expect.poll(isFree).toBe(true);
  });

  it("keeps the lock when the signal aborts while the work runs: the work itself decides when it is safe to end", async () => {
    const stop = new AbortController();
    const during = await withFlock(lock, { waitMs: 0, signal: stop.signal }, async () => {
      stop.abort();
      await sleep(100);
      return isFree();
    });
    expect(during).toBe(false);
  });

  it("lets one at a time into the work, of many in one process", async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(10);
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withFlock(lock, { waitMs: 20_000 }, work)));
    expect(most).toBe(1);
  });

  it("tells the work when the lock was lost", async () => {
    const lost = await withFlock(lock, { waitMs: 0 }, async (signal) => {
      const helper = spawnSync("pgrep", ["--parent", String(process.pid), "--exact", "cat"], { encoding: "utf8" });
      process.kill(Number(helper.stdout.trim()), "SIGKILL");
      await Promise.race([once(signal, "abort"), sleep(5_000)]);
      return signal.aborted;
    });
    expect(lost).toBe(true);
  });

  it("makes a lock file that only its owner can lock, and leaves it there", async () => {
    await withFlock(lock, { waitMs: 0 }, async () => undefined);
    expect(readdirSync(folder)).toEqual(["lock"]);
    expect(statSync(lock).mode & 0o777).toBe(0o600);
  });

  it("says that the folder of the lock is missing", async () => {
    await expect(withFlock(join(folder, "no/lock"), { waitMs: 0 }, async () => undefined)).rejects.toMatchObject({
      code: "FILE_NOT_WRITTEN",
    });
  });
});
