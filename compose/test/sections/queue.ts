import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tools/lab/index.ts";
import { SOON_MS, type Appliance } from "../support/appliance.ts";
import { overlaps } from "../support/deliveries.ts";
import { docker } from "../support/docker.ts";
import { overlappingRuns } from "../support/runs.ts";
import { watchUps } from "../support/ups-at-work.ts";
import { beginAndWaitForContainers, isInPlace, type ApplyUnderWay } from "../support/under-way.ts";

const AWAY_MS = 20_000;

const NOTHING_TO_DO = "Nothing to do: the appliance is what env.yml says.";
const RIGHT = { code: 0, listed: true, next: NOTHING_TO_DO, upsAtOnce: 1, applies: [], runs: [] };

/** Redis emptied, lost and away: files are the truth, it is a schedule. */
export function queueFaults(appliance: Appliance): void {
  const redis = async (...command: string[]) =>
    docker([
      "exec",
      (await appliance.container("queue")).Id,
      "redis-cli",
      "--user",
      "tests",
      "--pass",
      "-",
      ...command,
    ]);
  const answers = async () => (await redis("PING").catch(() => "")).includes("PONG");
  const restartQueue = async () => {
    await appliance.crash("queue");
    await waitFor("the queue to be back", SOON_MS, answers);
  };
  let ups: ReturnType<typeof watchUps>;
  /** What came of an apply, and whether anything ran beside itself. */
  const outcome = async (apply: ApplyUnderWay) => {
    const { code, stderr } = await apply.ended;
    await waitFor(`the change to be in place; the apply said: ${stderr}`, SOON_MS, () =>
      isInPlace(appliance, apply.mark),
    );
    return {
      code,
      listed: (await appliance.ok("jobs")).includes("config.apply"),
      next: (await appliance.cli("apply")).stdout.trim(),
      upsAtOnce: ups.stop(),
      applies: overlaps(await appliance.logs("config-agent"), "config.apply"),
      runs: overlappingRuns(appliance),
    };
  };

  describe("the queue", () => {
    // No agent may empty it, so a user is made who may. `prepare` takes it away again with the next start.
    beforeAll(async () => {
      appendFileSync(appliance.path("var/lib/appliance/secrets/queue/users.acl"), "user tests on nopass ~* &* +@all\n");
      await restartQueue();
    });
    beforeEach(async () => {
      await appliance.waitUntilServing();
      ups = watchUps(appliance.application);
    });
    afterEach(() => ups.stop());

    it("may be emptied: work is listed and done again at once", async () => {
      expect(await redis("FLUSHALL")).toContain("OK");
      expect((await appliance.cli("jobs")).code).toBe(0);
      const mark = appliance.changeSettings();
      await appliance.ok("apply");
      expect((await appliance.container("ecs.web")).Config.Env.join("\n")).toContain(mark);
      expect(await appliance.ok("jobs")).toContain("config.apply");
    });

    it("may be emptied while an apply waits for containers, which ends right and does nothing twice at once", async () => {
      const apply = await beginAndWaitForContainers(appliance);
      await redis("FLUSHALL");
      expect(await outcome(apply)).toEqual(RIGHT);
    });

    it("may crash and lose all of its data while an apply waits for containers", async () => {
      const apply = await beginAndWaitForContainers(appliance);
      appliance.discard("var/lib/appliance/queue/appendonlydir");
      await restartQueue();
      expect(await outcome(apply)).toEqual(RIGHT);
    });

    it("may be restarted while an apply waits for containers", async () => {
      const apply = await beginAndWaitForContainers(appliance);
      await docker(["restart", (await appliance.container("queue")).Id]);
      expect(await outcome(apply)).toEqual(RIGHT);
    });

    it("may be away for 20 s while an apply waits for containers", async () => {
      const apply = await beginAndWaitForContainers(appliance);
      const { Id } = await appliance.container("queue");
      await docker(["stop", Id]);
      await sleep(AWAY_MS);
      await docker(["start", Id]);
      expect(await outcome(apply)).toEqual(RIGHT);
    });
  });
}
