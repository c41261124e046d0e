import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandError } from "@appliance/command";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostPower } from "./power.ts";
import { createKeptMounts } from "./storage-mounts.ts";
import { UNIT_HEAD } from "./storage-units.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kept-mounts-"));
  mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const busy: HostPower["run"] = async () => {
  throw new CommandError("COMMAND_FAILED", "systemctl ended with exit code 1: target is busy", { remedy: "" });
};

describe("a volume that is given back while something uses it", () => {
  it("says how to find what that is, and is tried again by the next apply", async () => {
    const unit = join(root, "etc/systemd/system/data.mount");
    writeFileSync(unit, UNIT_HEAD);
    const mounts = { list: async () => [], mount: async () => false, unmount: async () => false };
    const power = { run: busy, observe: busy, start: async () => {} } as unknown as HostPower;
    const kept = createKeptMounts({ power, root, mounts, systemd: true });
    await expect(kept.drop("/data")).rejects.toMatchObject({
      code: "STORAGE_BUSY",
      message: expect.stringContaining("/data cannot be unmounted"),
      remedy: expect.stringContaining("fuser -vm /data"),
    });
    expect(readFileSync(unit, "utf8")).toBe(UNIT_HEAD);
    expect(await kept.wasKept("/data")).toBe(true);
  });
});
