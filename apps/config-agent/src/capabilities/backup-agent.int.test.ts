/** What an apply does for backup-agent, on a real root folder; update-agent's side is the container test's. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { IDENTITIES } from "@appliance/host";
import type { Container } from "@appliance/jobs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyConfig } from "../apply-config.ts";
import type { RunContext, Wanted } from "../capability.ts";
import type { Containers } from "../containers.ts";
import { planRepair } from "../plan-repair.ts";
import { createRootFiles } from "../root-files.ts";
import { backupAgentCapability } from "./backup-agent.ts";
import { slicesCapability } from "./slices.ts";

const SLICE = "run/appliance/slices/backup-agent/env.json";
const RESTIC = { engine: "restic", password: "a password of backups" };
const run: RunContext = { runId: "run-1", signal: new AbortController().signal, note: () => {} };

let root: string;
let running: Container[];
/** What the engine says when it is to be started. */
let refusal: Error | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "backup-agent-"));
  mkdirSync(join(root, "run/appliance/slices"), { recursive: true });
  [running, refusal] = [[], undefined];
});
afterEach(() => rmSync(root, { recursive: true }));

const agentIs = (state: Container["state"]): Container[] => [
  { project: "core", service: "backup-agent", image: "appliance/backup-agent:1", state, health: null } as Container,
];
const containers = {
  observeFor: async () => running,
  async up() {
    running = agentIs(refusal ? "exited" : "running");
    if (refusal) throw refusal;
  },
  async remove() {
    running = [];
  },
} as Partial<Containers> as Containers;

async function apply(backup: object, standby = false): Promise<string[]> {
  const data = { appliance: { domain: "ecs.example", standby, backup }, ecs: { git: { source: "builtin:sample" } } };
  const text = Buffer.from(`#cloud-config\n${JSON.stringify(data)}\n`);
  const { env } = parseEnv(text, { file: "env.yml" });
  const facts = { timeZone: "UTC", memoryMb: 4000, cores: 2, flat: {}, changes: [], source: "env.yml" };
  const wanted = { env, text, tls: { given: null, authority: null }, ...facts } as Partial<Wanted> as Wanted;
  const files = createRootFiles(root);
  const capabilities = [slicesCapability(files, async () => null), backupAgentCapability({ containers, version: "1" })];
  const nothing = async () => {};
  const deps = { onlyWhileRunning: new Set<string>(), interrupt: nothing, onStep: nothing, onStepDone: nothing };
  const { steps } = await applyConfig(wanted, standby ? "standby" : "running", run, { capabilities, ...deps });
  return steps
    .filter(({ summary }) => summary.includes("backup-agent"))
    .map(({ summary, failed }) => failed ?? summary);
}

it("gives it its part of env.yml, which nobody else can read, starts it, and has nothing to do afterwards", async () => {
  expect(await apply(RESTIC)).toEqual(["Write the configuration of backup-agent", "Start backup-agent"]);
  const { mode, uid } = statSync(join(root, SLICE));
  expect([mode & 0o777, uid]).toEqual([0o600, IDENTITIES["backup-agent"].uid]);
  expect(JSON.parse(readFileSync(join(root, SLICE), "utf8"))).toMatchObject({ resticPassword: RESTIC.password });
  expect(await apply(RESTIC)).toEqual([]);
});

it("takes its part of env.yml and its container away where nothing can be encrypted any more", async () => {
  await apply(RESTIC);
  expect(await apply({})).toEqual([
    "Remove the configuration of backup-agent",
    "Remove backup-agent, which has nothing to do",
  ]);
  expect([existsSync(join(root, SLICE)), running]).toEqual([false, []]);
  expect(await apply({})).toEqual([]);
});

it("does not run it on a host in standby, unless that restores the backup of another one", async () => {
  await apply(RESTIC);
  expect(await apply(RESTIC, true)).toContain("Remove backup-agent, which has nothing to do");
  expect(await apply({ ...RESTIC, pull: true }, true)).toContain("Start backup-agent");
});

it("ends no apply when it does not start: the step says why, and nothing is left that a repair would start for ever", async () => {
  refusal = new OperatorError("SERVICE_FAILED", "It has ended.", { remedy: "Read its log." });
  expect(await apply(RESTIC)).toContain("It has ended. → Read its log. (SERVICE_FAILED)");
  expect(planRepair({ phase: "ready", failed: false, metadataOpen: false, containers: running })).toBeNull();
  refusal = undefined;
  expect(await apply(RESTIC)).toEqual(["Start backup-agent"]);
});
