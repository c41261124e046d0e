import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LeaseHolder, openLease, RunRecord } from "./index.ts";

const ROUNDS = 10;

let root: string;
let children: ChildProcess[];
beforeEach(async () => {
  children = [];
  root = await mkdtemp(join(tmpdir(), "lease-"));
  for (const folder of ["lease", "runs"]) await mkdir(join(root, folder));
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(root, { recursive: true });
});

function spawnRun(agent: string, runId: string) {
  const file = join(import.meta.dirname, "../test/run-child.ts");
  const child = spawn(process.execPath, [file, root, agent, runId], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return { child, begins: once(child.stdout, "data"), exit: once(child, "exit") };
}

const leaseOf = (agent: string) =>
  openLease({ folder: join(root, "lease"), runsFolder: join(root, "runs"), agent, hostBoot: "boot" });

/** Whatever was killed: every file is whole. */
async function expectWholeFiles(): Promise<void> {
  const lease = join(root, "lease/lease.json");
  if (existsSync(lease)) LeaseHolder.parse(JSON.parse(await readFile(lease, "utf8")));
  for (const name of (await readdir(join(root, "runs"))).filter((one) => one.endsWith(".json")))
    RunRecord.parse(JSON.parse(await readFile(join(root, "runs", name), "utf8")));
}

it(`keeps whole files and one run at a time through ${ROUNDS} kills at random moments, and ends free`, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const victim = spawnRun("config-agent", `apply-${round}`);
    const other = spawnRun("config-agent", `other-${round}`);
    await Promise.all([victim.begins, other.begins]);
    await sleep(Math.random() * 300);
    victim.child.kill("SIGKILL");
    await victim.exit;
    expect(await other.exit).toEqual([0, null]);
    await expectWholeFiles();
  }
  expect(await leaseOf("config-agent").holder()).toBeUndefined();
  expect(existsSync(join(root, "violations"))).toBe(false);
  const states = new Set((await leaseOf("config-agent").records.list()).map(({ state }) => state));
  expect(states).not.toContain("running");
}, 120_000);

it("finishes a run that is killed again and again, each time where it was", async () => {
  let kills = 0;
  for (;;) {
    const { child, begins, exit } = spawnRun("config-agent", "stubborn");
    await begins;
    const timer = setTimeout(() => child.kill("SIGKILL"), 10 + 80 * kills);
    const [status] = await exit;
    clearTimeout(timer);
    if (status === 0) break;
    kills += 1;
  }
  expect(kills).toBeGreaterThan(2);
  const record = await leaseOf("config-agent").records.read("stubborn");
  expect(record).toMatchObject({ state: "succeeded" });
  expect(record?.steps.map(({ name }) => name)).toEqual(["one", "two", "three"]);
}, 120_000);
