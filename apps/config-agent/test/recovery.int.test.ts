/** A recovery as config-agent carries it out, on real files, lease and status. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recoveringHost, RESTORED } from "./support/recovering-host.ts";

type Host = Awaited<ReturnType<typeof recoveringHost>>;
let host: Host;
beforeEach(async () => {
  host = await recoveringHost();
});
afterEach(() => host.remove());

const PREPARED = ["storage", "database-server", "stop cert-agent", "restore"];
const APPLIED = ["storage", "certificates", "database-server", "database", "backup-agent"];
/** Its database is looked at once it is to serve. */
const STANDING_BY = APPLIED.filter((part) => part !== "database");
const at = (path: string) => join(host.root, path);
const restoring = (bytes: number) => ({
  sentence: "Restoring",
  done: { files: 1, bytes },
  total: { files: 4, bytes: 100 },
  secondsLeft: 60,
});

/** A delivery that ends with the agent while the backup is being restored. */
async function dieWhileRestoring(): Promise<void> {
  const stopping = new AbortController();
  host.asked.restore = ({ signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("the agent is stopping")));
      stopping.abort("the agent is stopping");
    });
  await expect(host.recover({}, "cli-1", stopping.signal)).rejects.toThrow("stopping");
  host.asked.restore = async () => RESTORED;
}

describe("a recovery", () => {
  it("prepares the host, restores, and applies everything once more on what was restored", async () => {
    expect(await host.recover()).toEqual(RESTORED);
    expect(host.diary).toEqual([...PREPARED, ...APPLIED, "application", "order a backup"]);
    expect(host.deps.status.get().phase).toBe("ready");
  });

  it("starts no application where it is only to restore, not even after a reboot", async () => {
    await host.recover({ onlyRestore: true });
    expect(host.diary).toEqual([...PREPARED, ...APPLIED]);
    expect(existsSync(at("var/lib/appliance/stopped"))).toBe(true);
    expect(host.deps.status.get().phase).toBe("stopped");
  });

  it("starts no application and saves nothing from a host in standby", async () => {
    host.asked.standby = true;
    await host.recover();
    expect(host.diary).toEqual([...PREPARED, ...STANDING_BY]);
    expect(host.deps.status.get().phase).toBe("standby");
  });

  it("says what it does to whoever waits and on the page", async () => {
    let page: unknown;
    host.asked.restore = async ({ progress }) => {
      progress(restoring(40));
      await expect.poll(() => JSON.stringify(host.deps.status.get())).toContain("40 %");
      page = host.deps.status.get();
      return RESTORED;
    };
    await host.recover();
    expect(host.progress).toContainEqual(restoring(40));
    expect(host.progress).toContainEqual(expect.objectContaining({ sentence: "do storage" }));
    const running = { name: "Restoring the backup", detail: "Restoring: 40 %, about a minute left" };
    expect(page).toMatchObject({
      phase: "recovering",
      steps: expect.arrayContaining([expect.objectContaining(running)]),
    });
  });

  it("migrates the restored database, whatever ran on this host before", async () => {
    writeFileSync(at("data/etc/tags/last_running_ecs"), "dev\n");
    await host.recover();
    expect(existsSync(at("data/etc/tags/last_running_ecs"))).toBe(false);
  });

  it.each([
    ["documents", () => writeFileSync(at("data/ecs-storage-vault/one.pdf"), "")],
    ["a database", () => void (host.asked.tables = true)],
  ])("is refused on a host that holds %s, and changes and tells nothing", async (_what, put) => {
    put();
    await expect(host.recover()).rejects.toMatchObject({ code: "RECOVERY_OCCUPIED" });
    expect(host.diary).toEqual([]);
    expect(await host.deps.failure.read()).toBeUndefined();
    expect(host.deps.status.get().phase).toBe("starting");
  });

  it("answers the same command, given again while it was at work, with what it came to", async () => {
    const meanwhile = new Date();
    await host.recover();
    writeFileSync(at("data/ecs-storage-vault/one.pdf"), ""); // what it has restored
    host.diary.length = 0;
    const again = (data: object, enqueuedAt?: Date) => host.recover(data, "cli-2", undefined, enqueuedAt);
    expect(await again({}, meanwhile)).toEqual(RESTORED);
    await expect(again({ target: "second" }, meanwhile)).rejects.toMatchObject({ code: "RECOVERY_OCCUPIED" });
    await expect(again({})).rejects.toMatchObject({
      code: "RECOVERY_OCCUPIED",
      message: expect.stringMatching(/^The recovery of .* has put back its data already\. This host holds/) as string,
    });
    expect(host.diary).toEqual([]);
  });

  it("leaves what an earlier recovery began to that one's journal", async () => {
    writeFileSync(at("data/ecs-storage-vault/one.pdf"), "");
    writeFileSync(at("data/.restore-0123456789ab"), "");
    expect(await host.recover()).toEqual(RESTORED);
  });
});

describe("a failed recovery", () => {
  const failure = new OperatorError("BACKUP_KEY_WRONG", "The key does not open it.", {
    remedy: "Bring the right one.",
  });

  it("is told, starts nothing, and takes back that the database was absent", async () => {
    await host.deps.failure.write({ code: "DATABASE_ABSENT", message: "There is none.", remedy: "Recover." });
    let during: unknown = "not looked at";
    host.asked.restore = async () => {
      during = await host.deps.failure.read();
      throw failure;
    };
    await expect(host.recover()).rejects.toBe(failure);
    expect(during).toBeUndefined();
    expect(await host.deps.failure.read()).toMatchObject({ code: "BACKUP_KEY_WRONG" });
    expect(host.diary).toEqual(PREPARED);
  });

  it("is no hindrance for the next one", async () => {
    host.asked.restore = () => Promise.reject(failure);
    await expect(host.recover()).rejects.toBe(failure);
    host.asked.restore = async () => RESTORED;
    expect(await host.recover({}, "cli-2")).toEqual(RESTORED);
    expect(await host.deps.failure.read()).toBeUndefined();
  });
});

describe("a recovery whose agent died in it", () => {
  it("goes on as the same run, and fills in nothing of a failure meanwhile", async () => {
    await dieWhileRestoring();
    expect(await host.deps.failure.read()).toBeUndefined();
    expect((await host.deps.lease.unfinished())?.runId).toBe("cli-1");
    writeFileSync(at("data/ecs-storage-vault/one.pdf"), ""); // what it has restored
    expect(await host.recover()).toEqual(RESTORED);
    expect(await host.deps.lease.holder()).toBeUndefined();
  });

  it("does not restore again what was restored", async () => {
    const stopping = new AbortController();
    const { orderFirstBackup } = host.deps;
    host.deps.orderFirstBackup = async () => {
      stopping.abort("the agent is stopping");
      stopping.signal.throwIfAborted();
    };
    await expect(host.recover({}, "cli-1", stopping.signal)).rejects.toBe("the agent is stopping");
    host.deps.orderFirstBackup = orderFirstBackup;
    expect(await host.recover()).toEqual(RESTORED);
    expect(host.diary.filter((entry) => entry === "restore")).toHaveLength(1);
  });

  it("keeps an apply away, which would take the host for an empty one", async () => {
    await dieWhileRestoring();
    await expect(host.apply()).rejects.toMatchObject({ code: "RECOVERY_UNFINISHED" });
    expect(await host.deps.failure.read()).toBeUndefined();
  });

  it("brings its result when the job of a recovery that has ended is delivered again", async () => {
    await host.recover();
    host.diary.length = 0;
    expect(await host.recover()).toEqual(RESTORED);
    expect(host.diary).toEqual([]);
  });
});
