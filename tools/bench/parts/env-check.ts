import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostileFiles } from "../../../libs/yaml11/test/hostile-files.ts";
import { run } from "../../lab/index.ts";
import { median, plain, spread, type Figure } from "../figure.ts";

const RUNS = 15;
/** CPU time varies little, and there are many files. */
const HOSTILE_RUNS = 3;
const WORK_LIMIT_MS = 200;
const MEMORY_LIMIT_MB = 100;
const NODE = process.execPath;

/** Has a Node say at its end what it took, the start of Node and all threads included: microseconds and KB. */
const TELL = `data:text/javascript,import{writeSync}from"node:fs";process.on("exit",()=>writeSync(2,"\\n"+JSON.stringify(process.resourceUsage())))`;

interface Cost {
  /** CPU time. */
  milliseconds: number;
  /** Peak of resident memory, MB of 2^20 bytes. */
  megabytes: number;
  exitCode: number;
}

interface Costs {
  name: string;
  runs: Cost[];
}

/** `appliance env check` of a whole env.yml and of every hostile one, beside a Node that does nothing. */
export async function envCheck(): Promise<Figure[]> {
  await run(NODE, ["tools/bundle.ts", "cli"]);
  const folder = mkdtempSync(join(tmpdir(), "appliance-bench-"));
  try {
    cpSync("dist/cli", join(folder, "cli"), { recursive: true }); // the next bundle goes to the same place
    const { stdout } = await run(NODE, ["apps/cli/src/main.ts", "env", "sample", "--domain", "ecs.example"]);
    const peer = await repeat("`node -e 0`", RUNS, ["-e", "0"]);
    const whole = await check("`env check`, a whole env.yml", stdout, RUNS, folder);
    const hostile: Costs[] = [];
    for (const { name, source } of hostileFiles) hostile.push(await check(name, source, HOSTILE_RUNS, folder));
    return figuresOf(peer, whole, hostile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function check(name: string, source: string | Uint8Array, runs: number, folder: string): Promise<Costs> {
  const file = join(folder, "env.yml");
  writeFileSync(file, source);
  return repeat(name, runs, [join(folder, "cli/main.mjs"), "env", "check", file]);
}

async function repeat(name: string, count: number, args: readonly string[]): Promise<Costs> {
  const runs: Cost[] = [];
  for (let at = 0; at < count; at += 1) runs.push(await costOf(args));
  return { name, runs };
}

async function costOf(args: readonly string[]): Promise<Cost> {
  const { code, stderr } = await run(NODE, ["--import", TELL, ...args], { allowFailure: true });
  const said = stderr.trimEnd().split("\n").at(-1) ?? "";
  if (!said.startsWith("{")) throw new Error(`${args.join(" ")} broke: ${stderr}`);
  const usage = JSON.parse(said) as NodeJS.ResourceUsage;
  const milliseconds = (usage.userCPUTime + usage.systemCPUTime) / 1000;
  return { milliseconds, megabytes: usage.maxRSS / 1024, exitCode: code };
}

function figuresOf(peer: Costs, whole: Costs, hostile: readonly Costs[]): Figure[] {
  const slowest = greatest(hostile, timeOf);
  const largest = greatest(hostile, memoryOf);
  const refused = hostile.filter(({ runs }) => runs.every(({ exitCode }) => exitCode === 1)).length;
  return [
    plain(peer.name, described(peer), "the peer"),
    work(whole.name, whole, peer),
    memory(`${whole.name}: memory`, whole),
    {
      name: "hostile files that it refuses",
      measured: `${refused} of ${hostile.length}`,
      beside: "all",
      met: refused === hostile.length,
    },
    work(`the slowest of them (${slowest.name})`, slowest, peer),
    memory(`the largest of them (${largest.name}): memory`, largest),
  ];
}

const timeOf = ({ runs }: Costs) => median(runs.map(({ milliseconds }) => milliseconds));
const memoryOf = ({ runs }: Costs) => Math.max(...runs.map(({ megabytes }) => megabytes));

const greatest = (costs: readonly Costs[], of: (costs: Costs) => number): Costs =>
  costs.reduce((most, one) => (of(one) > of(most) ? one : most));

const described = (costs: Costs) => {
  const cpu = costs.runs.map(({ milliseconds }) => milliseconds);
  return `CPU ${spread(cpu, "ms", 0)}, at most ${memoryOf(costs).toFixed(0)} MB`;
};

/** What a check takes beyond the start of Node and of the command. */
function work(name: string, costs: Costs, peer: Costs): Figure {
  const workMs = timeOf(costs) - timeOf(peer);
  const measured = `${described(costs)}; ${workMs.toFixed(0)} ms of work`;
  return { name, measured, beside: `below ${WORK_LIMIT_MS} ms of work`, met: workMs < WORK_LIMIT_MS };
}

function memory(name: string, costs: Costs): Figure {
  const megabytes = memoryOf(costs);
  return {
    name,
    measured: `${megabytes.toFixed(0)} MB`,
    beside: `below ${MEMORY_LIMIT_MB} MB`,
    met: megabytes < MEMORY_LIMIT_MB,
  };
}
