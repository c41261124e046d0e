/** A storage setup as an apply carries it out, on a disk of this machine that is a file. Volumes by label are tried in the lab. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "@appliance/env";
import { createPlainHost, createRootFolderHost, type Host } from "@appliance/host";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { onThisMachine } from "../../test/support/this-machine.ts";
import type { RunContext, Wanted } from "../capability.ts";
import { createRootFiles } from "../root-files.ts";
import { createStorageLook } from "../storage/look.ts";
import { storageSetupCapability } from "./storage-setup.ts";

const sh = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" }).trim();
const target = `/mnt/storage-setup-${process.pid}`;

let folder: string;
let disk: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "storage-setup-"));
  sh("truncate", "--size=256M", join(folder, "disk"));
  disk = sh("losetup", "--find", "--show", "--partscan", join(folder, "disk"));
});
afterEach(() => {
  spawnSync("umount", [target]);
  spawnSync("swapoff", [`${disk}p2`]);
  spawnSync("losetup", ["--detach", disk]);
  rmSync(folder, { recursive: true });
  rmSync(target, { recursive: true, force: true });
});

const run: RunContext = { runId: "run", signal: new AbortController().signal, note: () => {} };

function partOf(host: Host) {
  const files = createRootFiles(host.root);
  return storageSetupCapability({ host, files, look: createStorageLook(host) });
}

function wantedOf(setup: string, forceStorage: string[] = []): Wanted {
  const indented = setup.trim().replaceAll(/^(?=.)/gm, "      ");
  const storage = `    ignore: {data: yes, volatile: yes}\n    setup: |\n${indented}\n`;
  const text = Buffer.from(`#cloud-config\nappliance:\n  domain: ecs.example\n  storage:\n${storage}`);
  const { env, problems } = parseEnv(text, { file: "env.yml" });
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  const machine = { timeZone: "UTC", memoryMb: 1, cores: 1 };
  return {
    env: env!,
    tls: { given: null, authority: null },
    source: "",
    text,
    flat: {},
    changes: [],
    ...machine,
    forceStorage,
  };
}

async function apply(setup: string, forced: string[] = []): Promise<string[]> {
  const part = partOf(createPlainHost({ run: onThisMachine, root: "/" }));
  const wanted = wantedOf(setup, forced);
  const steps = await part.plan(wanted);
  for (const step of steps) await part.apply(step, wanted, run);
  return steps.map(({ summary }) => summary.replaceAll(disk, "DISK"));
}

const wholeSetup = () => `
parted:
  ${disk}:
    type: gpt
    parts: [{name: images, start: 1MiB, end: 50%}, {name: swap, start: 50%, end: 100%}]
format:
  ${disk}p1: {fstype: ext4, options: ["-L images"]}
  ${disk}p2: {fstype: swap}
mount:
  ${target}: {device: ${disk}p1, fstype: ext4}
swap: [${disk}p2]
`;

describe("a storage setup", { timeout: 120_000 }, () => {
  it("makes partitions, file systems, mounts and swap, and has nothing to do the second time", async () => {
    expect(await apply(wholeSetup())).toEqual([
      "Make a gpt partition table on DISK (268 MB)",
      "Make partition 1 of DISK: images, 1MiB to 50%",
      "Make partition 2 of DISK: swap, 50% to 100%",
      "Format DISKp1 as ext4 with the label images",
      "Format DISKp2 as swap",
      `Mount DISKp1 on ${target}, at each boot too`,
      "Swap to DISKp2, at each boot too",
    ]);
    expect(sh("findmnt", "--noheadings", "--output", "SOURCE", target)).toBe(`${disk}p1`);
    expect(sh("swapon", "--show=NAME", "--noheadings")).toContain(`${disk}p2`);
    expect(await apply(wholeSetup())).toEqual([]);
  });

  it("ends an apply where a disk carries something, and tells how to go on", async () => {
    sh("mkfs.ext4", "-q", "-L", "photos", disk);
    await expect(apply(wholeSetup())).rejects.toMatchObject({
      code: "STORAGE_DEVICE_OCCUPIED",
      message: `The storage setup is not carried out: ${disk} carries ext4 'photos'.`,
      remedy: expect.stringContaining(`appliance apply --force-storage ${disk}`),
    });
    expect((await apply(wholeSetup(), [disk]))[0]).toBe("Remove what DISK carries: ext4 'photos' (forced)");
  });

  it("does not hide what is mounted on the folder of a mount already, nor passes over it in silence", async () => {
    await apply(wholeSetup());
    sh("umount", target);
    sh("mount", "-t", "tmpfs", "other", target);
    await expect(apply(wholeSetup())).rejects.toMatchObject({
      code: "STORAGE_DEVICE_IN_USE",
      message: `The storage setup is not carried out: other is mounted on ${target} instead of ${disk}p1.`,
    });
  });

  it("refuses to force a device that it does not name", async () => {
    await expect(apply(wholeSetup(), ["/dev/vda"])).rejects.toMatchObject({ code: "STORAGE_FORCE_UNKNOWN" });
  });

  it("is only shown where there is no power over disks", async () => {
    const part = partOf(createRootFolderHost({ root: folder }));
    expect(await part.plan(wantedOf(wholeSetup()))).toMatchObject([
      { unavailable: "it would change the disks of this machine, not of this root" },
    ]);
  });
});
