import { plain, spread, type Figure } from "../figure.ts";
import type { Bench } from "../bench.ts";

const RUNS = 3;

/** The whole appliance from stopped to an application that answers: `appliance start` ends when it does. */
export async function start({ appliance: open }: Bench): Promise<Figure[]> {
  const appliance = await open();
  const stops: number[] = [];
  const starts: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    stops.push(await secondsOf(() => appliance.command("stop", "--all")));
    starts.push(await secondsOf(() => appliance.command("start")));
    await appliance.command("status"); // fails unless the application is in service
  }
  return [
    plain("second start of the whole appliance, `appliance start`", spread(starts, "s", 1)),
    plain("`appliance stop --all` before it", spread(stops, "s", 1)),
  ];
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
