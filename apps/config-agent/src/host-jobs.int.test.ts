/** What backup-agent may have mounted: only what the active env.yml says of a target, by the name of its setting. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host, WantedMount } from "@appliance/host";
import { HostMount, HostUnmount, type JobContract, type JobHandler } from "@appliance/jobs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { hostJobs } from "./host-jobs.ts";
import { createRootFiles } from "./root-files.ts";

const MAIN = "appliance:backup:mount";
const SECOND = "appliance:backup:targets:second:mount";
const mount = (target: string) => ({ type: "nfs", source: "host:/x", target, options: "soft" });
const ENV = {
  appliance: {
    domain: "ecs.example",
    backup: {
      engine: "restic",
      password: "a password of backups",
      url: "file:///mnt/main/x",
      mount: mount("/mnt/main"),
      targets: [
        { name: "first", url: "sftp://host/x" },
        { name: "second", url: "file:///mnt/second/x", mount: mount("/mnt/second") },
      ],
    },
  },
};

let root: string;
let mounted: WantedMount[];
let handlers: JobHandler[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "host-jobs-"));
  mkdirSync(join(root, "run"));
  writeFileSync(join(root, "run/active-env.yml"), `#cloud-config\n${JSON.stringify(ENV)}\n`);
  mounted = [];
  const mounts = {
    mount: async (wanted: WantedMount) => mounted.push(wanted) > 0,
    unmount: async (target: string) => {
      mounted = mounted.filter((one) => one.target !== target);
      return true;
    },
  };
  handlers = hostJobs({ host: { mounts } as unknown as Host, files: createRootFiles(root) });
});
afterEach(() => rmSync(root, { recursive: true }));

function ask(contract: JobContract, setting: string): Promise<unknown> {
  const handler = handlers.find((one) => one.contract === contract);
  const delivery = { data: { setting }, cancelled: new AbortController().signal };
  return handler!.run(delivery as Parameters<JobHandler["run"]>[0]);
}

it("mounts and unmounts for each target what env.yml has for that one", async () => {
  expect(await ask(HostMount, SECOND)).toEqual({ mountPoint: "/mnt/second" });
  expect(await ask(HostMount, MAIN)).toEqual({ mountPoint: "/mnt/main" });
  expect(mounted).toEqual([mount("/mnt/second"), mount("/mnt/main")]);
  await ask(HostUnmount, SECOND);
  expect(mounted).toEqual([mount("/mnt/main")]);
});

it.each(["appliance:backup:targets:first:mount", "appliance:backup:targets:absent:mount"])(
  "mounts nothing for %s, which env.yml does not have",
  async (setting) => {
    await expect(ask(HostMount, setting)).rejects.toMatchObject({
      code: "MOUNT_NOT_CONFIGURED",
      message: `The active env.yml has no ${setting}.`,
    });
  },
);

it("takes no setting that is no mount of a backup", async () => {
  await expect(ask(HostMount, "appliance:storage:setup")).rejects.toMatchObject({ code: "JOB_DATA_INVALID" });
});
