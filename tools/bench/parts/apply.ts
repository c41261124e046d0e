import { below, plain, spread, type Figure } from "../figure.ts";
import type { Appliance, ContainerProcesses } from "../appliance.ts";
import { cpuSecondsOfContainer } from "../usage.ts";
import type { Bench } from "../bench.ts";

const RUNS = 15;
const LIMIT_S = 1;

/** `appliance apply` while everything is what env.yml says. */
export async function apply({ appliance: start }: Bench): Promise<Figure[]> {
  const appliance = await start();
  await appliance.command("apply");
  const agents = (await appliance.containers()).filter(({ service }) => service.endsWith("-agent"));
  const before = agents.map(cpuSeconds);
  const walls: number[] = [];
  const steps: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { seconds, changed } = await applyOnce(appliance);
    walls.push(seconds);
    steps.push(changed);
  }
  const cpu = agents.map((agent, at) => (cpuSeconds(agent) - (before[at] ?? 0)) / RUNS);
  const jobs = await appliance.jobs("config.apply", RUNS);
  return [
    { name: "steps", measured: String(Math.max(...steps)), beside: "0", met: Math.max(...steps) === 0 },
    below("`appliance apply`, from the shell", walls, LIMIT_S, "s"),
    plain(
      "the job alone",
      spread(
        jobs.map(({ startedAt, finishedAt }) => (finishedAt - startedAt) / 1000),
        "s",
      ),
    ),
    ...agents.map(({ service }, at) => plain(`CPU of ${service} for one`, `${(cpu[at] ?? 0).toFixed(3)} s`)),
  ];
}

/** Applies from the shell. `changed` is the number of steps that were taken. */
export async function applyOnce(
  appliance: Appliance,
): Promise<{ seconds: number; changed: number; restarts: string[] }> {
  const startedAt = performance.now();
  const { stdout } = await appliance.command("apply", "--json");
  const seconds = (performance.now() - startedAt) / 1000;
  const { changed, steps } = JSON.parse(stdout) as { changed: number; steps: { restarts: string[] }[] };
  return { seconds, changed, restarts: steps.flatMap(({ restarts }) => restarts) };
}

function cpuSeconds({ pids: [pid = 0] }: ContainerProcesses): number {
  return cpuSecondsOfContainer(pid);
}
