import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Appliance } from "../appliance.ts";
import { below, plain, quantile, type Figure } from "../figure.ts";
import { countFailures, startLoad, type LoadResult } from "../steady-load.ts";
import { applyOnce } from "./apply.ts";
import type { Bench } from "../bench.ts";

const CHANGES = 20;
const LIMIT_S = 3;
const STEADY_MS = 3000;
/** A file that the application itself serves: the way through nginx to it, and little work for it. */
const PATH = "/static/icon.svg";
const LOADS = [
  { name: "kept alive", keepAlive: true, perSecond: 300, connections: 30 },
  { name: "`Connection: close`", keepAlive: false, perSecond: 50, connections: 30 },
] as const;

/** A change that concerns nginx alone, again and again under a steady load. */
export async function nginx({ appliance: start }: Bench): Promise<Figure[]> {
  const appliance = await start();
  const original = await readFile(appliance.envFile, "utf8");
  const figures: Figure[] = [];
  try {
    for (const load of LOADS) figures.push(...(await measure(load, original, appliance)));
  } finally {
    await writeFile(appliance.envFile, original);
    await appliance.command("apply");
  }
  return figures;
}

async function measure(load: (typeof LOADS)[number], original: string, appliance: Appliance): Promise<Figure[]> {
  const running = startLoad({ ...load, url: new URL(PATH, appliance.url) });
  const changing = makeChanges(original, appliance);
  await changing.catch(() => {}); // the load is ended in any case
  const result = await running.stop();
  return figuresOf(load, await changing, result);
}

/** @returns seconds of each */
async function makeChanges(original: string, appliance: Appliance): Promise<number[]> {
  await sleep(STEADY_MS);
  const walls: number[] = [];
  for (let change = 0; change < CHANGES; change += 1) {
    await writeFile(appliance.envFile, change % 2 === 0 ? withAnotherName(original) : original);
    const { seconds, restarts } = await applyOnce(appliance);
    if (restarts.join() !== "nginx (reload)") throw new Error(`not nginx alone is concerned: ${restarts.join()}`);
    walls.push(seconds);
  }
  await sleep(STEADY_MS);
  return walls;
}

/** The other names of the host are part of nginx' site and of nothing else. */
function withAnotherName(text: string): string {
  const changed = text.replace(/^( +allowed_hosts: .*)$/m, "$1,bench.example.org");
  if (changed === text) throw new Error("env.yml has no allowed_hosts to change");
  return changed;
}

function figuresOf(
  { name, perSecond }: (typeof LOADS)[number],
  walls: readonly number[],
  result: LoadResult,
): Figure[] {
  const failed = countFailures(result);
  const why = [...result.failures].map(([reason, count]) => `${count} ${reason}`).join(", ");
  return [
    below(`a change, ${name}, ${perSecond} requests/s`, walls, LIMIT_S, "s"),
    {
      name: `failed requests during ${CHANGES} changes, ${name}`,
      measured: `${failed} of ${result.requests}${why ? ` (${why})` : ""}`,
      beside: "0",
      met: failed === 0,
    },
    plain(`reset on a reused connection and good on one retry, ${name}`, String(result.retried), "counted apart"),
    plain(
      `an answer, ${name}: median, 99 of 100`,
      [0.5, 0.99].map((share) => `${quantile(result.milliseconds, share).toFixed(0)} ms`).join(", "),
    ),
  ];
}
