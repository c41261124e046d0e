/** A standby host that takes over the backup every night, as config-agent does it, on real files, lease and status. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recoveringHost } from "./support/recovering-host.ts";

type Host = Awaited<ReturnType<typeof recoveringHost>>;
let host: Host;
beforeEach(async () => {
  host = await recoveringHost();
  Object.assign(host.asked, { standby: true, pull: true });
});
afterEach(() => host.remove());

const at = (path: string) => join(host.root, path);
const pull = (id: string) => host.recover({ pull: true, onlyRestore: true }, id);
const putDocument = () => writeFileSync(at("data/ecs-storage-vault/one.pdf"), "");
const hint = () => host.deps.status.get().hint;

describe("a pull", () => {
  it("restores, starts nothing, and says what the host stands by with", async () => {
    await pull("pull-1");
    expect(host.diary).not.toContain("application");
    expect(host.diary).not.toContain("order a backup");
    expect(host.deps.status.get().phase).toBe("standby");
    expect(hint()).toBe(
      "It holds the backup of 2026-11-22 00:30:00 UTC from main. `appliance activate` makes it the live one.",
    );
  });

  it("replaces what the one of the night before put there", async () => {
    await pull("pull-1");
    putDocument();
    await pull("pull-2");
    expect(host.asked.replaced).toBe(true);
    expect(host.diary.filter((entry) => entry === "restore")).toHaveLength(2);
  });

  it("never replaces data of another origin, and says so where the operator looks", async () => {
    putDocument();
    await expect(pull("pull-1")).rejects.toMatchObject({ code: "RECOVERY_OCCUPIED" });
    expect(host.diary).not.toContain("restore");
    expect(hint()).toContain("(RECOVERY_OCCUPIED)");
    expect(hint()).toContain("which is of no pull");
  });

  it("is also what a person has recovered by hand, so that the next night may replace it", async () => {
    await host.recover();
    putDocument();
    await pull("pull-1");
    await host.recover({}, "cli-2");
    expect(host.asked.replaced).toBe(true);
    expect(host.diary.filter((entry) => entry === "restore")).toHaveLength(3);
  });

  it("that failed has to be cleared by nobody, counts as that of its night, and leaves the marker of the one before", async () => {
    await pull("pull-1");
    const away = new OperatorError("BACKUP_TARGET_UNREACHABLE", "main does not answer.", { remedy: "Look at it." });
    host.asked.restore = () => Promise.reject(away);
    await expect(pull("pull-2")).rejects.toBe(away);
    expect(await host.deps.failure.read()).toBeUndefined();
    expect(host.deps.status.get().phase).toBe("standby");
    expect(hint()).toMatch(/^The last pull failed: main does not answer.*It holds the backup of 2026-11-22 00:30:00/);
    expect((await host.deps.recoveries.read())?.runId).toBe("pull-2");
  });

  it("is not made on a host that became the live one before its turn", async () => {
    host.asked.standby = false;
    await expect(pull("pull-1")).rejects.toMatchObject({ code: "PULL_OFF" });
    expect(host.diary).toEqual([]);
    expect(host.deps.status.get().phase).toBe("starting");
  });
});

describe("a standby host that becomes the live one", () => {
  const marker = () => existsSync(at("data/.pulled.json"));
  const begunFolders = (...names: string[]) => {
    mkdirSync(at("data/.restore-0123456789ab"));
    writeFileSync(at("data/.restore-0123456789ab/journal.json"), JSON.stringify({ begunFolders: names }));
  };

  it("has data of its own from then on, which no pull replaces", async () => {
    await pull("pull-1");
    expect(marker()).toBe(true);
    host.asked.standby = false;
    await host.apply();
    expect(marker()).toBe(false);
    expect(host.diary).toContain("application");
    host.asked.standby = true;
    putDocument();
    await expect(pull("pull-2")).rejects.toMatchObject({ code: "RECOVERY_OCCUPIED" });
  });

  it("starts with the data of the night before when the last pull was cut off before it moved anything", async () => {
    await pull("pull-1");
    begunFolders();
    host.asked.standby = false;
    await host.apply();
    expect(host.diary).toContain("application");
  });

  it("does not start on data of two nights", async () => {
    await pull("pull-1");
    begunFolders("ecs-storage-vault");
    host.asked.standby = false;
    await expect(host.apply()).rejects.toMatchObject({ code: "PULL_UNFINISHED" });
    expect(host.diary).not.toContain("application");
    expect(marker()).toBe(true);
  });

  it("stands by without a database while it holds no backup yet", async () => {
    await host.apply();
    expect(host.diary).not.toContain("database");
    expect(host.deps.status.get().phase).toBe("standby");
  });
});
