import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { run, type RunResult } from "../lab/index.ts";

/** Everything of it has a name of its own, so that it runs beside other appliances of this machine. */
const BASE = "/var/tmp/appliance-bench";
const ROOT = `${BASE}/root`;
const OWNER = `${BASE}/owner`;
const SETTINGS = {
  COMPOSE_PROJECT_NAME: "appliance-bench",
  APPLICATION_PROJECT: "ecs-bench",
  APPLIANCE_SUBNET: "10.97",
  APPLIANCE_HTTP_PORT: "18080",
  APPLIANCE_HTTPS_PORT: "18443",
  APPLIANCE_CONFIG_AGENT_PORT: "17301",
  APPLIANCE_UPDATE_AGENT_PORT: "17302",
  APPLIANCE_CERT_AGENT_PORT: "17303",
} as const;
const PROJECTS = [SETTINGS.APPLICATION_PROJECT, SETTINGS.COMPOSE_PROJECT_NAME];
const API_PORTS = {
  "config-agent": SETTINGS.APPLIANCE_CONFIG_AGENT_PORT,
  "update-agent": SETTINGS.APPLIANCE_UPDATE_AGENT_PORT,
};
const BOOTSTRAP_MS = 1_800_000;

/** A job as an agent tells of it; times are milliseconds since the epoch. */
export interface Job {
  name: string;
  state: string;
  startedAt: number;
  finishedAt: number;
}

export interface ContainerProcesses {
  service: string;
  /** As this machine numbers them; the first is its main process. */
  pids: number[];
}

/** An appliance that belongs to the bench, installed from this checkout the way that its users install one. */
export interface Appliance {
  /** Where its page and application are, `https://127.0.0.1:PORT`. */
  url: URL;
  envFile: string;
  /** Runs the installed command. @throws Error with its words when it fails */
  command(...args: string[]): Promise<RunResult>;
  /** Has an agent do one of its jobs, without the command. @throws Error when it fails */
  work(agent: keyof typeof API_PORTS, job: string, data: object): Promise<void>;
  /** The newest jobs of config-agent with this name, the last one first. */
  jobs(name: string, count: number): Promise<Job[]>;
  containers(): Promise<ContainerProcesses[]>;
  remove(): Promise<void>;
}

/**
 * Installs and starts it. What a bench that was killed left behind is removed first; `keep` goes on with it instead.
 * @throws Error while another bench runs
 */
export async function startAppliance({ keep }: { keep: boolean }): Promise<Appliance> {
  claim();
  console.error("installing the bench's own appliance; building images takes some minutes");
  if (!keep) await removeAll();
  await bootstrap();
  return {
    url: new URL(`https://127.0.0.1:${SETTINGS.APPLIANCE_HTTPS_PORT}`),
    envFile: `${ROOT}/app/env.yml`,
    command: (...args) => run(`${ROOT}/usr/local/bin/appliance`, args),
    work,
    jobs: recentJobs,
    containers: listContainers,
    remove: removeAll,
  };
}

async function bootstrap(): Promise<void> {
  const command = ["deploy/bootstrap.sh", "--yes", "--force", "--sample", "--root", ROOT];
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
  await run("env", [...settings, ...command], { timeoutMs: BOOTSTRAP_MS });
}

/** Names and ports are fixed, so only one bench can run at a time. */
function claim(): void {
  mkdirSync(BASE, { recursive: true, mode: 0o755 });
  const owner = Number(readIfThere(OWNER));
  if (owner && owner !== process.pid && isRunning(owner)) throw new Error(`another bench runs, process ${owner}`);
  writeFileSync(OWNER, String(process.pid));
}

function isRunning(pid: number): boolean {
  return readIfThere(`/proc/${pid}/cmdline`).includes("tools/bench/main.ts");
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function removeAll(): Promise<void> {
  for (const project of PROJECTS) {
    const ids = await idsOf(["ps", "--all", "--quiet"], project);
    if (ids.length > 0) await run("docker", ["rm", "--force", "--volumes", ...ids]);
  }
  for (const project of PROJECTS) {
    const ids = await idsOf(["network", "ls", "--quiet"], project);
    if (ids.length > 0) await run("docker", ["network", "rm", ...ids]);
  }
  rmSync(ROOT, { recursive: true, force: true });
}

async function idsOf(list: readonly string[], project: string): Promise<string[]> {
  const { stdout } = await run("docker", [...list, `--filter=label=com.docker.compose.project=${project}`]);
  return stdout.split("\n").filter(Boolean);
}

async function listContainers(): Promise<ContainerProcesses[]> {
  const found: ContainerProcesses[] = [];
  for (const project of PROJECTS)
    for (const id of await idsOf(["ps", "--quiet"], project)) {
      const format = '{{.State.Pid}} {{index .Config.Labels "com.docker.compose.service"}}';
      const [pid, service = ""] = (await run("docker", ["inspect", "--format", format, id])).stdout.trim().split(" ");
      const { stdout } = await run("docker", ["top", id, "-o", "pid,ppid"]);
      found.push({ service, pids: descendants(Number(pid), stdout) });
    }
  return found;
}

/** Health checks are in the container too, but no children of its first process. */
function descendants(first: number, top: string): number[] {
  const rows = top.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const pids = [first];
  for (const parent of pids) pids.push(...rows.flatMap(([pid, of]) => (of === parent && pid ? [pid] : [])));
  return pids;
}

const LOOK_EVERY_MS = 100;
const WORK_LIMIT_MS = 120_000;

async function work(agent: keyof typeof API_PORTS, job: string, data: object): Promise<void> {
  const { queue, id } = (await ask(agent, "POST", `/jobs/${job}`, data)) as { queue: string; id: string };
  const deadline = performance.now() + WORK_LIMIT_MS;
  for (;;) {
    const { state, failure } = (await ask(agent, "GET", `/jobs/${queue}/${id}`)) as { state: string; failure: unknown };
    if (state === "completed") return;
    if (state === "failed" || performance.now() > deadline) throw new Error(`${job}: ${JSON.stringify(failure)}`);
    await sleep(LOOK_EVERY_MS);
  }
}

async function recentJobs(name: string, count: number): Promise<Job[]> {
  const jobs = (await ask("config-agent", "GET", "/jobs?limit=200")) as Record<keyof Job, string>[];
  const found = jobs.filter((job) => job.name === name).slice(0, count);
  return found.map(({ state, startedAt, finishedAt }) => ({
    name,
    state,
    startedAt: Date.parse(startedAt),
    finishedAt: Date.parse(finishedAt),
  }));
}

async function ask(agent: keyof typeof API_PORTS, method: string, path: string, body?: object): Promise<unknown> {
  const token = readFileSync(`${ROOT}/var/lib/appliance/secrets/${agent}/http-token`, "utf8").trim();
  const response = await fetch(`http://127.0.0.1:${API_PORTS[agent]}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${agent} answered ${method} ${path} with ${response.status}`);
  return response.json();
}
