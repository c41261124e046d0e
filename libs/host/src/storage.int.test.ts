import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandError } from "@appliance/command";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { HostPower } from "./power.ts";
import { createHostStorage } from "./storage.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "disks-"));
  mkdirSync(join(root, "dev"));
  for (const [name, minor] of [
    ["vdx", "250"],
    ["vdy", "251"],
  ] as const)
    execFileSync("mknod", [join(root, "dev", name), "b", "7", minor]);
});
afterEach(() => rmSync(root, { recursive: true }));

const listed = (path: string) => ({ name: path, kname: path, type: "disk", size: 1e9, mountpoints: [null] });

/** A host with two disks, of which the first never answers. */
const run: HostPower["run"] = async (_verb, program, args) => {
  if (program === "wipefs" && args.at(-1) === "/dev/vdx")
    throw new CommandError("COMMAND_TIMEOUT", "wipefs was stopped after 60 s", { remedy: "" });
  const stdout = program === "lsblk" ? JSON.stringify({ blockdevices: [listed("/dev/vdx"), listed("/dev/vdy")] }) : "";
  return { exitCode: 0, stdout, stderr: "", cutBytes: { stdout: 0, stderr: 0 }, durationMs: 1 };
};

it.runIf(process.getuid?.() === 0)(
  "goes on without a disk that hangs, which counts as one that is not empty",
  async () => {
    const power: HostPower = {
      run,
      observe: () => Promise.reject(new Error()),
      start: () => Promise.reject(new Error()),
    };
    const mounts = { list: async () => [], mount: async () => false, unmount: async () => false };
    const { devices } = await createHostStorage({ power, root, mounts, systemd: true }).observe();
    expect(devices.map(({ path, signatures }) => [path, signatures])).toEqual([
      ["/dev/vdx", undefined],
      ["/dev/vdy", []],
    ]);
  },
);
