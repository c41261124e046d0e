import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, plain, spread, type Figure } from "../figure.ts";
import { run } from "../../lab/index.ts";

const VECTORS = "libs/flat-yaml/vectors/flatyaml.json";
const RUNS = 21;
/** The same binary for all, so that the program alone makes the difference. */
const NODE = process.execPath;

interface Contestant {
  name: string;
  argv: readonly string[];
  /** A file for its standard input. */
  input: string;
}

interface Times {
  wall: number[];
  cpu: number[];
}

/** `appliance env flatten` as scripts call it in loops, beside a Node that does nothing. */
export async function flatten(): Promise<Figure[]> {
  await run(NODE, ["tools/bundle.ts", "cli"]);
  const folder = mkdtempSync(join(tmpdir(), "appliance-bench-"));
  try {
    const contestants = await prepare(folder);
    return figuresOf(contestants, await race(contestants));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function prepare(folder: string): Promise<Contestant[]> {
  const inputs = [
    { name: "largest vector", file: join(folder, "vector.yml"), text: largestVector() },
    { name: "a whole env.yml", file: join(folder, "env.yml"), text: await sampleEnv() },
  ];
  for (const { file, text } of inputs) writeFileSync(file, text);
  const programs = [
    { name: "bundled", file: "dist/cli/main.mjs" },
    { name: "from source", file: "apps/cli/src/main.ts" },
  ];
  const empty = { name: "`node -e 0`", argv: [NODE, "-e", "0"], input: "/dev/null" };
  const calls = programs.flatMap((program) =>
    inputs.map((input) => ({
      name: `\`env flatten .\` ${program.name}, ${input.name}`,
      argv: [NODE, program.file, "env", "flatten", "."],
      input: input.file,
    })),
  );
  return [empty, ...calls];
}

function largestVector(): string {
  const vectors = JSON.parse(readFileSync(VECTORS, "utf8")) as { yaml: string; exit: number }[];
  const good = vectors.filter(({ exit }) => exit === 0).map(({ yaml }) => yaml);
  return good.reduce((largest, text) => (text.length > largest.length ? text : largest), "");
}

async function sampleEnv(): Promise<string> {
  return (await run(NODE, ["apps/cli/src/main.ts", "env", "sample"])).stdout;
}

/** In turns, so that a busy minute of the machine falls on all alike. */
async function race(contestants: readonly Contestant[]): Promise<Times[]> {
  const times = contestants.map((): Times => ({ wall: [], cpu: [] }));
  for (let round = 0; round < RUNS; round += 1)
    for (const [at, contestant] of contestants.entries()) {
      const { wall, cpu } = await timeOf(contestant);
      times[at]?.wall.push(wall);
      times[at]?.cpu.push(cpu);
    }
  return times;
}

/** bash's `time` tells the CPU time of a program that has ended, which Node does not. @returns milliseconds */
async function timeOf({ argv, input }: Contestant): Promise<{ wall: number; cpu: number }> {
  const script = 'TIMEFORMAT="%R %U %S"; input=$1; shift; time "$@" <"$input" >/dev/null';
  const { stderr } = await run("bash", ["-c", script, "bash", input, ...argv]);
  const [wall = 0, user = 0, system = 0] = (stderr.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

function figuresOf(contestants: readonly Contestant[], times: readonly Times[]): Figure[] {
  const peer = times[0];
  return contestants.map(({ name }, at) => {
    const { wall, cpu } = times[at] ?? { wall: [], cpu: [] };
    const measured = `${spread(wall, "ms", 0)}, CPU ${median(cpu).toFixed(0)} ms`;
    if (!peer || at === 0) return plain(name, measured, "the peer");
    return plain(name, measured, `${ratio(wall, peer.wall)} times \`node -e 0\`, CPU ${ratio(cpu, peer.cpu)} times`);
  });
}

function ratio(one: readonly number[], other: readonly number[]): string {
  return (median(one) / median(other)).toFixed(2);
}
