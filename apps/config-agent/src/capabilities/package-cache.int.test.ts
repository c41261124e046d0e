/** The package cache's part of an apply, on a real root folder; update-agent's side is the container test's. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { createRootFolderHost, IDENTITIES } from "@appliance/host";
import type { Container } from "@appliance/jobs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyConfig } from "../apply-config.ts";
import type { RunContext, Wanted } from "../capability.ts";
import type { Containers } from "../containers.ts";
import { planRepair } from "../plan-repair.ts";
import { createRootFiles } from "../root-files.ts";
import { packageCacheCapability } from "./package-cache.ts";

const APT = "etc/apt/apt.conf.d/80appliance-package-cache";
const DETECT = "usr/local/lib/appliance/package-cache";
const FOLDER = "volatile/package-cache";
const run: RunContext = { runId: "run-1", signal: new AbortController().signal, note: () => {} };

let root: string;
let running: Container[];
/** What the engine says when the cache is to be started. */
let refusal: Error | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "package-cache-"));
  for (const folder of ["volatile", "etc/apt/apt.conf.d"]) mkdirSync(join(root, folder), { recursive: true });
  running = [];
  refusal = undefined;
});
afterEach(() => rmSync(root, { recursive: true }));

const cache = (state: Container["state"]) =>
  ({ project: "core", service: "package-cache", image: "appliance/package-cache:1", state, health: null }) as Container;
const containers = {
  observeFor: async () => running,
  async up() {
    running = [cache(refusal ? "exited" : "running")];
    if (refusal) throw refusal;
  },
  async remove() {
    running = [];
  },
} as Partial<Containers> as Containers;

const apply = (proxyCache: boolean) => {
  const host = { ...createRootFolderHost({ root }), whyUnavailable: () => undefined };
  const capability = packageCacheCapability({
    host,
    files: createRootFiles(root),
    containers,
    version: "1",
    port: 7320,
  });
  const wanted = { env: { appliance: { storage: { proxy_cache: proxyCache } } } } as Wanted;
  const nothing = async () => {};
  const deps = { onlyWhileRunning: new Set<string>(), interrupt: nothing, onStep: nothing, onStepDone: nothing };
  return applyConfig(wanted, "running", run, { capabilities: [capability], ...deps });
};

it("starts the cache on a folder of its own and tells apt, once", async () => {
  expect((await apply(true)).changed).toBe(2);
  const { uid, mode } = statSync(join(root, FOLDER));
  expect([uid, mode & 0o777]).toEqual([IDENTITIES["package-cache"].uid, 0o700]);
  expect(readFileSync(join(root, APT), "utf8")).toContain(`Proxy-Auto-Detect "/${DETECT}";`);
  expect(statSync(join(root, DETECT)).mode & 0o777).toBe(0o755);
  expect((await apply(true)).changed).toBe(0);
});

it("leaves nothing of it once env.yml does not ask for it any more", async () => {
  await apply(true);
  expect((await apply(false)).changed).toBe(1);
  expect([APT, DETECT, FOLDER].filter((path) => existsSync(join(root, path)))).toEqual([]);
  expect(running).toEqual([]);
  expect((await apply(false)).changed).toBe(0);
});

it("says why a cache does not start, lets the rest of the apply go on, and leaves nothing that a repair would start", async () => {
  refusal = new OperatorError("COMPOSE_FAILED", "port 7320 is taken", { remedy: "Free it." });
  const { steps } = await apply(true);
  expect(steps[0]?.failed).toContain("port 7320 is taken");
  expect(steps[1]?.failed).toBeUndefined();
  expect(planRepair({ phase: "ready", failed: false, metadataOpen: false, containers: running })).toBeNull();
  refusal = undefined;
  expect((await apply(true)).steps.map(({ summary }) => summary)).toEqual(["Start the package cache"]);
});
