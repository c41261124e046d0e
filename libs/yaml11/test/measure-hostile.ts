/**
 * Prints what refusing each hostile file costs: `node test/measure-hostile.ts`. Each file gets a process of its own, so the
 * figures hold for a cold start: milliseconds of the call by the clock and of all processors (the compiler and the collector of
 * garbage work beside it), and the growth of the process' peak memory in MiB.
 */
// oxlint-disable-next-line no-restricted-imports -- not part of the product; starts only itself
import { execFileSync } from "node:child_process";
import { parseYaml } from "../src/index.ts";
import { hostileFiles } from "./hostile-files.ts";

const [, script = "", only] = process.argv;
const peakMib = () => process.resourceUsage().maxRSS / 1024;

function measure(name: string): string {
  const file = hostileFiles.find((candidate) => candidate.name === name);
  if (!file) throw new Error(`no hostile file '${name}'`);
  const before = peakMib();
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  parseYaml(file.source, { file: "env.yml", top: "map" });
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  return `${elapsed.toFixed(0)} ms ${((user + system) / 1000).toFixed(0)} ms cpu ${(peakMib() - before).toFixed(0)} MiB ${name}`;
}

if (only === undefined) {
  for (const { name } of hostileFiles) process.stdout.write(execFileSync(process.execPath, [script, name]));
} else {
  process.stdout.write(`${measure(only)}\n`);
}
