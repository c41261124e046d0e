import { rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { isSystemError } from "@appliance/errors";
import type { Appliance } from "../support/appliance.ts";
import { isInPlace } from "../support/under-way.ts";

const SLICE = "run/appliance/slices/update-agent/env.json";

/** A full /run, where slices and the active env.yml are written. */
export function fullDisk(appliance: Appliance): void {
  describe("a full disk", () => {
    const filler = () => appliance.path("run/filler");
    beforeAll(() => appliance.waitUntilServing());
    afterEach(() => rmSync(filler(), { force: true }));

    it("ends an apply with DISK_FULL, and slice and application stay as they are", async () => {
      const before = appliance.read(SLICE);
      fill(filler());
      appliance.changeSettings();
      const { code, stderr } = await appliance.cli("apply");
      expect(code).toBe(1);
      expect(stderr).toContain("DISK_FULL");
      expect(appliance.read(SLICE).equals(before)).toBe(true);
      const status = await appliance.cli("status");
      expect(status.code).toBe(1);
      expect(status.stdout).toContain("DISK_FULL");
      expect(await appliance.serves()).toBe(true);
    });

    it("is no obstacle any more once space was made", async () => {
      const mark = appliance.changeSettings();
      await appliance.ok("apply");
      expect(await isInPlace(appliance, mark)).toBe(true);
    });
  });
}

/** Writes until nothing more fits, down to the last byte. */
function fill(path: string): void {
  for (const size of [65_536, 4096, 512, 1])
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: "a" });
    } catch (err) {
      if (!isSystemError(err, "ENOSPC")) throw err;
    }
}
