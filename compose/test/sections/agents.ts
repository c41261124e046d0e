import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tools/lab/index.ts";
import { SOON_MS, type Appliance } from "../support/appliance.ts";
import { overlaps } from "../support/deliveries.ts";
import { overlappingRuns } from "../support/runs.ts";
import { watchUps } from "../support/ups-at-work.ts";
import { beginAndWaitForContainers, beginApply, isInPlace } from "../support/under-way.ts";

const ROUNDS = Number(process.env["APPLIANCE_KILL_ROUNDS"] ?? 8);

/** Agents that die in the middle of their work, and two who want the same at once. */
export function agentFaults(appliance: Appliance): void {
  describe("two applies at once", () => {
    beforeEach(() => appliance.waitUntilServing());

    it("both end well, one after the other", async () => {
      const first = beginApply(appliance);
      const second = { ...first, ended: appliance.cli("apply") };
      expect(await first.ended).toMatchObject({ code: 0 });
      expect(await second.ended).toMatchObject({ code: 0 });
      await waitFor("the change to be in place", SOON_MS, () => isInPlace(appliance, first.mark));
      expect(overlappingRuns(appliance)).toEqual([]);
      expect(overlaps(await appliance.logs("config-agent"), "config.apply")).toEqual([]);
    });
  });

  describe("an apply whose agent is killed", () => {
    beforeEach(() => appliance.waitUntilServing());

    let takesMs: number;
    beforeAll(async () => {
      const before = performance.now();
      await beginApply(appliance).ended;
      takesMs = performance.now() - before;
    });

    // Moments are spread over the apply and shifted at random, so that each run of the tests tries others.
    const rounds = Array.from({ length: ROUNDS }, (_, index) => index);
    it.each(rounds)("ends in the wanted state: config-agent, round %i", async (round) => {
      const part = (round + Math.random()) / ROUNDS;
      const ups = watchUps(appliance.application);
      const apply = beginApply(appliance);
      await sleep(part * takesMs);
      await appliance.crash("config-agent");
      const { stderr } = await apply.ended;
      const wanted = `the wanted state, killed at ${part.toFixed(2)} of the apply, which said: ${stderr}`;
      await waitFor(wanted, SOON_MS, () => isInPlace(appliance, apply.mark));
      expect(await appliance.ok("apply")).toContain("Nothing to do");
      expect(overlappingRuns(appliance)).toEqual([]);
      expect(ups.stop()).toBe(1);
    });

    it("ends in the wanted state: update-agent, while it brings containers up", async () => {
      const ups = watchUps(appliance.application);
      const apply = await beginAndWaitForContainers(appliance);
      await appliance.crash("update-agent");
      expect(await apply.ended).toMatchObject({ code: 0 });
      await waitFor("the wanted state", SOON_MS, () => isInPlace(appliance, apply.mark));
      expect(await appliance.ok("apply")).toContain("Nothing to do");
      expect(ups.stop()).toBe(1);
    });
  });
}
