import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newRunId, openLease, openRunRecords, type Lease, type RunKind } from "./index.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "lease-"));
  for (const folder of ["lease", "runs"]) await mkdir(join(root, folder));
});
afterEach(() => rm(root, { recursive: true }));

const leaseFile = () => join(root, "lease/lease.json");

function leaseOf(agent: string, hostBoot = "boot-1"): Lease {
  return openLease({ folder: join(root, "lease"), runsFolder: join(root, "runs"), agent, hostBoot });
}

/** Leaves a run behind as an agent does that is told to stop in the middle of it. */
async function stopInTheMiddle(lease: Lease, runId: string, kind: RunKind = "update"): Promise<void> {
  const stop = new AbortController();
  const run = lease.run({ runId, kind, signal: stop.signal }, async (journal) => {
    await journal.startStep("build");
    await journal.finishStep("build", "3 images");
    await journal.startStep("switch");
    stop.abort();
    stop.signal.throwIfAborted();
  });
  await expect(run).rejects.toThrow(/abort/i);
}

const APPLY = { runId: "apply-1", kind: "apply" } as const;

describe("a run", () => {
  it("holds the lease while it lasts, and its record tells how it went", async () => {
    const lease = leaseOf("config-agent");
    await lease.run(APPLY, async (journal) => {
      expect(await lease.holder()).toMatchObject({ runId: "apply-1", agent: "config-agent", hostBoot: "boot-1" });
      await journal.startStep("hostname");
      await journal.finishStep("hostname");
    });
    expect(await lease.holder()).toBeUndefined();
    const steps = [{ name: "hostname", startedAt: expect.any(String), finishedAt: expect.any(String) }];
    expect(await lease.records.read("apply-1")).toMatchObject({ state: "succeeded", steps });
  });

  it("that fails frees the host and leaves its failure", async () => {
    const lease = leaseOf("config-agent");
    const failing = lease.run(APPLY, () =>
      Promise.reject(new OperatorError("DISK_FULL", "no room", { remedy: "Make room." })),
    );
    await expect(failing).rejects.toThrow("no room");
    expect(await lease.holder()).toBeUndefined();
    const failure = { code: "DISK_FULL", message: "no room", remedy: "Make room." };
    expect(await lease.records.read("apply-1")).toMatchObject({ state: "failed", failure });
  });

  it("is refused while another agent's run lasts, and told whose", async () => {
    const update = leaseOf("update-agent");
    await update.run({ runId: "update-1", kind: "update" }, async () => {
      const refused = leaseOf("config-agent").run(APPLY, async () => {});
      await expect(refused).rejects.toMatchObject({
        code: "LEASE_HELD",
        message: expect.stringMatching(/update update-1 of update-agent, since 20/),
      });
    });
  });

  it("waits for another, and says once for whom", async () => {
    const seen: (string | undefined)[] = [];
    const order: string[] = [];
    const [begun, waiting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = leaseOf("update-agent").run({ runId: "update-1", kind: "update" }, async () => {
      begun.resolve();
      await waiting.promise;
      await sleep(2000); // so that it looks again, and could say it again
      order.push("update");
    });
    await begun.promise;
    const onWait = (holder: { runId: string } | undefined) => {
      seen.push(holder?.runId);
      waiting.resolve();
    };
    await leaseOf("config-agent").run({ ...APPLY, waitMs: 20_000, onWait }, async () => void order.push("apply"));
    await first;
    expect(order).toEqual(["update", "apply"]);
    expect(seen).toEqual(["update-1"]);
  });

  it("does not run beside itself when its job is delivered twice", async () => {
    let [atOnce, most] = [0, 0];
    const work = async () => {
      most = Math.max(most, ++atOnce);
      await sleep(300);
      atOnce -= 1;
    };
    const deliveries = [1, 2].map(() => leaseOf("config-agent").run({ ...APPLY, waitMs: 20_000 }, work));
    await Promise.all(deliveries);
    expect(most).toBe(1);
  });

  it("stops waiting when its agent stops", async () => {
    await leaseOf("update-agent").run({ runId: "update-1", kind: "update" }, async () => {
      const signal = AbortSignal.timeout(300);
      const waiting = leaseOf("config-agent").run({ ...APPLY, waitMs: 60_000, signal }, async () => {});
      await expect(waiting).rejects.toThrow(/abort|timeout/i);
    });
  });
});

describe("a run that ends badly", () => {
  const freeFor = (agent: string) => leaseOf(agent).run({ runId: "update-1", kind: "update" }, async () => "began");
  /** As on a full disk: nothing can be put where the record of a run has to stand. */
  const blockRecord = (runId: string) => mkdir(join(root, "runs", `${runId}.json`));

  it("frees the host when its time is over, which is its failure", async () => {
    const timeIsUp = new OperatorError("JOB_TIME_LIMIT", "config.apply was stopped", { remedy: "Look." });
    const limit = new AbortController();
    const run = leaseOf("config-agent").run({ ...APPLY, signal: limit.signal }, async (_journal, signal) => {
      limit.abort(timeIsUp);
      await sleep(60_000, undefined, { signal });
    });
    await expect(run).rejects.toThrow(/abort/i);
    expect(await leaseOf("config-agent").records.read("apply-1")).toMatchObject({
      state: "failed",
      failure: { code: "JOB_TIME_LIMIT" },
    });
    expect(await freeFor("update-agent")).toBe("began");
  });

  it("holds nothing when its record could not be begun", async () => {
    await blockRecord("apply-1");
    await expect(leaseOf("config-agent").run(APPLY, async () => {})).rejects.toThrow("EISDIR");
    await rm(join(root, "runs/apply-1.json"), { recursive: true });
    expect(await freeFor("update-agent")).toBe("began");
  });

  it("tells its own failure and frees the host when its record cannot be written any more", async () => {
    const failing = leaseOf("config-agent").run(APPLY, async () => {
      await rm(join(root, "runs/apply-1.json"));
      await blockRecord("apply-1");
      throw new OperatorError("SITE_REFUSED", "nginx refused it", { remedy: "Correct it." });
    });
    await expect(failing).rejects.toMatchObject({ code: "SITE_REFUSED" });
    await rm(join(root, "runs/apply-1.json"), { recursive: true });
    expect(await freeFor("update-agent")).toBe("began");
  });
});

describe("a run whose agent stopped in the middle", () => {
  it("still holds the host, for its own agent to go on where it was", async () => {
    await stopInTheMiddle(leaseOf("update-agent"), "update-1");
    await expect(leaseOf("config-agent").run(APPLY, async () => {})).rejects.toMatchObject({ code: "LEASE_HELD" });

    const restarted = leaseOf("update-agent");
    expect(await restarted.unfinished()).toMatchObject({ runId: "update-1", kind: "update" });
    await restarted.run({ runId: "update-1", kind: "update" }, async (journal) => {
      expect(journal).toMatchObject({ resumed: true, rebooted: false });
      expect([journal.isDone("build"), journal.isDone("switch")]).toEqual([true, false]);
    });
    expect(await restarted.unfinished()).toBeUndefined();
    expect(await restarted.records.read("update-1")).toMatchObject({
      state: "succeeded",
      resumedAt: [expect.any(String)],
    });
  });

  it("knows that the host has rebooted meanwhile", async () => {
    await stopInTheMiddle(leaseOf("update-agent", "boot-1"), "update-1");
    await leaseOf("update-agent", "boot-2").run({ runId: "update-1", kind: "update" }, async (journal) => {
      expect(journal.rebooted).toBe(true);
    });
  });

  it("is not dropped by another run of its agent, unless that one makes it superfluous", async () => {
    const lease = leaseOf("update-agent");
    await stopInTheMiddle(lease, "update-1");
    const next = { runId: "update-2", kind: "update" } as const;
    await expect(lease.run(next, async () => {})).rejects.toMatchObject({ code: "LEASE_HELD" });
    await lease.run({ ...next, supersedes: ["update"] }, async () => {});
    expect(await lease.records.read("update-1")).toMatchObject({ state: "abandoned" });
  });

  it("goes on with its record, also after another run made it superfluous", async () => {
    const lease = leaseOf("update-agent");
    await stopInTheMiddle(lease, "update-1");
    await lease.run({ runId: "update-2", kind: "update", supersedes: ["update"] }, async () => {});
    await lease.run({ runId: "update-1", kind: "update" }, async (journal) => {
      expect(journal.resumed).toBe(true);
      expect(journal.record.steps.map(({ name }) => name)).toEqual(["build", "switch"]);
    });
    expect(await lease.records.read("update-1")).toMatchObject({ state: "succeeded", resumedAt: [expect.any(String)] });
  });

  it("makes way for the run of any agent when it changes nothing of the host, and can be done again afterwards", async () => {
    const backups = leaseOf("backup-agent");
    await stopInTheMiddle(backups, "backup-1", "backup");
    await leaseOf("config-agent").run(APPLY, async () => {});
    expect(await backups.records.read("backup-1")).toMatchObject({ state: "abandoned" });
    await backups.run({ runId: "backup-1", kind: "backup" }, async () => {});
    expect(await backups.records.read("backup-1")).toMatchObject({ state: "succeeded" });
  });

  it("keeps others off while it is alive, whatever it is", async () => {
    const alive = leaseOf("backup-agent").run({ runId: "backup-1", kind: "backup" }, () => sleep(500));
    await sleep(100);
    await expect(leaseOf("config-agent").run(APPLY, async () => {})).rejects.toMatchObject({ code: "LEASE_HELD" });
    await alive;
  });

  it("is ended by its own agent alone", async () => {
    await stopInTheMiddle(leaseOf("update-agent"), "update-1");
    await expect(leaseOf("config-agent").abandon("update-1")).rejects.toMatchObject({ code: "LEASE_NOT_OURS" });
    await leaseOf("update-agent").abandon("update-1");
    expect(await leaseOf("config-agent").holder()).toBeUndefined();
  });
});

describe("files that tell less than they should", () => {
  it.each(["", "{", "null", '{"runId":"../../etc"}'])(
    "a lease file that reads %j does not block a free host",
    async (text) => {
      await writeFile(leaseFile(), text);
      await leaseOf("config-agent").run(APPLY, async () => {});
      expect(await readFile(`${leaseFile()}.broken`, "utf8")).toBe(text);
    },
  );

  it("a broken lease file does not free a host that an unfinished run holds", async () => {
    await stopInTheMiddle(leaseOf("update-agent"), "update-1");
    await writeFile(leaseFile(), "{");
    await expect(leaseOf("config-agent").run(APPLY, async () => {})).rejects.toMatchObject({ code: "LEASE_HELD" });
    await leaseOf("update-agent").run({ runId: "update-1", kind: "update" }, async () => {});
  });

  it("a lease whose run has ended by its record holds nothing", async () => {
    await stopInTheMiddle(leaseOf("update-agent"), "update-1");
    const records = openRunRecords(join(root, "runs"));
    const record = await records.read("update-1");
    if (record) await records.write({ ...record, state: "succeeded", finishedAt: new Date().toISOString() });
    expect(await leaseOf("config-agent").holder()).toBeUndefined();
    expect(await leaseOf("config-agent").run(APPLY, async () => "ran")).toBe("ran");
  });

  it("a lease without its record is still held", async () => {
    await stopInTheMiddle(leaseOf("update-agent"), "update-1");
    await rm(join(root, "runs/update-1.json"));
    await expect(leaseOf("config-agent").run(APPLY, async () => {})).rejects.toMatchObject({ code: "LEASE_HELD" });
    await leaseOf("update-agent").run({ runId: "update-1", kind: "update" }, async (journal) => {
      expect(journal.resumed).toBe(false);
    });
  });
});

describe("records", () => {
  it("are remembered for the last 100 runs, and for every unfinished one", async () => {
    const records = openRunRecords(join(root, "runs"));
    const record = { kind: "apply" as const, agent: "config-agent", resumedAt: [], steps: [] };
    for (let i = 0; i < 125; i++) {
      const startedAt = new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString();
      await records.write({ ...record, id: `apply-${i}`, startedAt, state: i === 0 ? "running" : "succeeded" });
    }
    await records.prune();
    const ids = (await records.list()).map(({ id }) => id);
    expect(ids).toHaveLength(101);
    expect([ids[0], ids.at(-2), ids.at(-1)]).toEqual(["apply-124", "apply-25", "apply-0"]);
  });

  it("that cannot be understood are left out", async () => {
    await writeFile(join(root, "runs/broken.json"), "{");
    await writeFile(join(root, "runs/.appliance-new-1"), "{}");
    expect(await openRunRecords(join(root, "runs")).list()).toEqual([]);
  });

  it("have ids that sort by time and are good file names", async () => {
    const id = newRunId("apply", new Date("2026-11-22T19:51:00.123Z"));
    expect(id).toMatch(/^apply-20261122T195100Z-[0-9a-f]{4}$/);
    await leaseOf("config-agent").run({ runId: id, kind: "apply" }, async () => {});
    expect(await readdir(join(root, "runs"))).toEqual([`${id}.json`]);
  });
});
