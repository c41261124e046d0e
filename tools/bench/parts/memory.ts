import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerProcesses } from "../appliance.ts";
import { plain, type Figure } from "../figure.ts";
import { cpuSecondsOf, cpuSecondsOfContainer, memoryOf, sum, type Memory } from "../usage.ts";
import type { Bench } from "../bench.ts";

const JOBS = 200;
const SETTLE_MS = 30_000;
const WATCH_MS = 60_000;
const IDLE_CPU_PERCENT = 0.3;
const ANONYMOUS_MB = { "config-agent": 35, "update-agent": 50 };

/** What the appliance holds and burns while nobody asks anything of it, after each agent did 200 jobs. */
export async function memory({ appliance: start }: Bench): Promise<Figure[]> {
  const appliance = await start();
  // An apply asks update-agent for the containers, so each is work for both.
  for (let job = 0; job < JOBS; job += 1)
    await appliance.work("config-agent", "config.apply", { requestedBy: "bench" });
  await sleep(SETTLE_MS);
  const containers = await appliance.containers();
  const before = cpuOf(containers);
  await sleep(WATCH_MS);
  const after = cpuOf(containers);
  const percent = after.map((used, at) => shareOf(used, before[at] ?? used));
  return [
    ...containers.flatMap(({ service, pids }, at) => agentFigures(service, pids, percent[at])),
    ...wholeFigures(containers, percent),
  ];
}

interface CpuSeconds {
  /** Of each process that runs all the time. */
  processes: ReadonlyMap<number, number>;
  /** Of all that ran, health checks too. */
  container: number;
}

/** Percent of a core. */
interface CpuShare {
  processes: number;
  container: number;
}

function cpuOf(containers: readonly ContainerProcesses[]): CpuSeconds[] {
  return containers.map(({ pids }) => ({
    processes: new Map(pids.map((pid) => [pid, cpuSecondsOf(pid) ?? 0])),
    container: cpuSecondsOfContainer(pids[0] ?? 0),
  }));
}

function shareOf(after: CpuSeconds, before: CpuSeconds): CpuShare {
  const lasting = [...after.processes].map(([pid, seconds]) =>
    Math.max(0, seconds - (before.processes.get(pid) ?? seconds)),
  );
  const percent = (seconds: number) => (seconds * 100_000) / WATCH_MS;
  return { processes: percent(sum(lasting)), container: percent(after.container - before.container) };
}

function agentFigures(service: string, pids: readonly number[], cpu: CpuShare | undefined): Figure[] {
  const limit = Object.entries(ANONYMOUS_MB).find(([name]) => name === service)?.[1];
  if (limit === undefined || !cpu) return [];
  const { anonymousMb, pssMb } = memoryOf(pids);
  return [
    {
      name: `${service}: anonymous memory after ${JOBS} jobs`,
      measured: `${anonymousMb.toFixed(1)} MB (PSS ${pssMb.toFixed(1)} MB)`,
      beside: `at most ${limit} MB`,
      met: anonymousMb <= limit,
    },
    {
      name: `${service}: CPU while idle`,
      measured: `${cpu.processes.toFixed(2)} % (with its health checks ${cpu.container.toFixed(2)} %)`,
      beside: `below ${IDLE_CPU_PERCENT} %`,
      met: cpu.processes < IDLE_CPU_PERCENT,
    },
  ];
}

function wholeFigures(containers: readonly ContainerProcesses[], percent: readonly CpuShare[]): Figure[] {
  const each = containers.map(({ service, pids }, at) => ({
    service,
    ...memoryOf(pids),
    cpuPercent: percent[at]?.container ?? 0,
  }));
  const total = (key: "anonymousMb" | "pssMb" | "cpuPercent") => sum(each.map((one) => one[key]));
  const whole = { anonymousMb: total("anonymousMb"), pssMb: total("pssMb"), cpuPercent: total("cpuPercent") };
  const largest = [...each].sort((a, b) => b.anonymousMb - a.anonymousMb);
  return [
    plain(`the whole appliance while idle, ${each.length} containers`, describe(whole)),
    ...largest.map((one) => plain(`of it ${one.service}`, describe(one))),
  ];
}

function describe({ anonymousMb, pssMb, cpuPercent }: Memory & { cpuPercent: number }): string {
  return `${anonymousMb.toFixed(1)} MB anonymous, PSS ${pssMb.toFixed(1)} MB, CPU ${cpuPercent.toFixed(2)} %`;
}
