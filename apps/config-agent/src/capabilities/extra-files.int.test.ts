import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "@appliance/env";
import { createRootFolderHost, refusalOf } from "@appliance/host";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunContext, Wanted } from "../capability.ts";
import { extraFilesCapability } from "./extra-files.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "extra-"));
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/root:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const run: RunContext = { runId: "run", signal: new AbortController().signal, note: () => {} };
const part = (when: "before packages" | "after packages") => extraFilesCapability(createRootFolderHost({ root }), when);
const fileAt = (path: string, owner: string) =>
  parseEnv(
    Buffer.from(
      `#cloud-config\nappliance: {domain: ecs.example, extra: {files: [{path: ${JSON.stringify(path)}, contents: x, owner: "${owner}"}]}}\n`,
    ),
    { file: "env.yml" },
  );
const wanted = (owner: string) => ({ env: fileAt("/etc/x", owner).env }) as Wanted;

it.runIf(process.getuid?.() === 0)(
  "writes a file of a user who comes with a package once that user is there",
  async () => {
    const hers = wanted("eve");
    expect(await part("before packages").plan(hers)).toEqual([]);
    await expect(part("after packages").plan(hers)).rejects.toMatchObject({ code: "HOST_OWNER_UNKNOWN" });
    appendFileSync(join(root, "etc/passwd"), "eve:x:7:8::/:/bin/sh\n");
    const late = part("after packages");
    for (const one of await late.plan(hers)) await late.apply(one, hers, run);
    expect(statSync(join(root, "etc/x"))).toMatchObject({ uid: 7, gid: 8, mode: 0o100644 });
    expect([await part("before packages").plan(hers), await late.plan(hers)]).toEqual([[], []]);
  },
);

it("refuses when env.yml is checked whatever the host would refuse", () => {
  // oxfmt-ignore
  const foreign = [
    "/proc/x", "/sys/x", "/dev/x", "/run/appliance/x", "/run/docker/x", "/run/docker.sock", "/run/containerd/x", "/run/systemd/x",
    "/var/lib/appliance/x", "/var/lib/docker/x", "/volatile/docker/x", "/app/env.yml", "/run/active-env.yml",
    "/run/appliance-failed", "relative", "/etc/../x", "/etc/./x", "/etc/", "/etc//x",
  ];
  expect(foreign.filter((path) => refusalOf(path) === undefined)).toEqual([]);
  expect(foreign.filter((path) => fileAt(path, "root").env !== undefined)).toEqual([]);
});
