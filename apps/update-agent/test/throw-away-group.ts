import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import type { Log } from "@appliance/jobs";
import { createCompose } from "../src/compose.ts";
import { toConfig, Variables } from "../src/config.ts";
import { containerJobs } from "../src/container-jobs.ts";
import { createDocker } from "../src/docker.ts";
import { createGroups } from "../src/groups.ts";
import { createOutputs } from "../src/outputs.ts";
import type { Slice } from "../src/slice.ts";

const IMAGE = "debian:trixie-slim";
export const SOCKET = "/var/run/docker.sock";

export const docker = (...args: string[]): string =>
  execFileSync("docker", args, { encoding: "utf8", stdio: "pipe" }).trim();

/** A service that says what it was given and then sleeps. It ends at once when it is told to. */
export const sleeper = (extra: object = {}): object => ({
  image: IMAGE,
  init: true,
  stop_grace_period: "1s",
  command: ["sh", "-c", "echo started; exec sleep 600"],
  ...extra,
});

export const CORE = {
  services: {
    "update-agent": sleeper(),
    queue: sleeper(),
    nginx: sleeper({ depends_on: ["queue"] }),
    database: sleeper({ profiles: ["data"], depends_on: ["queue"], mem_limit: "${DATABASE_MEMORY:-64m}" }),
  },
};

export interface ThrowAway {
  checkout: string;
  sliceDir: string;
  core: string;
  application: string;
  tools: ReturnType<typeof openTools>;
  writeApplication(file: object, environment?: Record<string, string>): void;
  writeSlice(slice: Slice): void;
  /** Delivers a job as the worker does and brings its result. */
  deliver(job: string, data: object, options?: { id?: string; cancelled?: AbortSignal }): Promise<Delivered>;
  /** Runs compose for the application and kills it, with everything it started, after `ms`. */
  killCompose(args: string[], environment: Record<string, string>, ms: number): Promise<void>;
  remove(): void;
}

export interface Delivered {
  result: unknown;
  /** What was told while it ran. */
  sentences: string[];
}

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A checkout of its own with two compose projects of random names on the real engine. */
export function throwAwayGroup(): ThrowAway {
  const checkout = mkdtempSync(join(tmpdir(), "update-agent-"));
  const suffix = randomBytes(4).toString("hex");
  const [core, application] = [`core${suffix}`, `app${suffix}`];
  const sliceDir = join(checkout, "slice");
  for (const folder of ["compose/demo", "slice", "work"]) mkdirSync(join(checkout, folder), { recursive: true });
  writeFileSync(join(checkout, "compose/compose.yml"), JSON.stringify(CORE));
  const tools = openTools(checkout, sliceDir, core, application);
  const handlers = containerJobs(tools);
  const writeSlice = (slice: Slice) => writeFileSync(join(sliceDir, "env.json"), JSON.stringify(slice));
  return {
    checkout,
    sliceDir,
    core,
    application,
    tools,
    writeSlice,
    writeApplication(file, environment = {}) {
      writeFileSync(join(checkout, "compose/demo/compose.yml"), JSON.stringify(file));
      writeSlice({
        timezone: "UTC",
        compose: {},
        application: { composeFile: "compose/demo/compose.yml", environment },
      });
    },
    async deliver(job, data, { id = randomBytes(8).toString("hex"), cancelled = new AbortController().signal } = {}) {
      const handler = handlers.find(({ contract }) => contract.name === job);
      if (!handler) throw new Error(`no job ${job}`);
      const sentences: string[] = [];
      const progress = (told: unknown) => void sentences.push((told as { sentence: string }).sentence);
      const result = await handler.run({
        id,
        enqueuedAt: new Date(),
        data,
        attempt: 1,
        cancelled,
        progress,
        log: QUIET,
      });
      return { result, sentences };
    },
    killCompose(args, environment, ms) {
      const file = join(checkout, "compose/demo/compose.yml");
      const env = { PATH: process.env["PATH"], HOME: "/tmp", COMPOSE_COMPATIBILITY: "1", ...environment };
      const child = spawn("docker", ["compose", "-p", application, "-f", file, ...args], {
        env,
        detached: true,
        stdio: "ignore",
      });
      const killing = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), ms);
      return new Promise((resolve) => child.once("exit", () => resolve(clearTimeout(killing))));
    },
    remove() {
      for (const project of [core, application]) removeProject(project);
      rmSync(checkout, { recursive: true });
    },
  };
}

function openTools(checkout: string, sliceDir: string, core: string, application: string) {
  const variables = { APPLIANCE_CHECKOUT: checkout, CORE_PROJECT: core, APPLICATION_PROJECT: application };
  const config = { ...toConfig(Variables.parse({ ...variables, WORK_DIR: join(checkout, "work") })), sliceDir };
  const engine = createDocker({ socketPath: SOCKET });
  return {
    docker: engine,
    compose: createCompose({ run: runCommand, dockerSocket: SOCKET }),
    groups: createGroups(config, engine),
    outputs: createOutputs(),
    workDir: config.workDir,
  };
}

function removeProject(project: string): void {
  const label = `label=com.docker.compose.project=${project}`;
  const containers = docker("ps", "--all", "--quiet", "--filter", label).split("\n").filter(Boolean);
  if (containers.length > 0) docker("rm", "--force", "--volumes", ...containers);
  const networks = docker("network", "ls", "--quiet", "--filter", label).split("\n").filter(Boolean);
  if (networks.length > 0) docker("network", "rm", ...networks);
}
