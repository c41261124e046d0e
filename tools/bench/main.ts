/** Takes the figures of docs/performance.md: `npm run bench -- [PART…] [--full] [--keep]`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startAppliance, type Appliance } from "./appliance.ts";
import { describeMachine, loadNow } from "./machine.ts";
import type { Bench, Part } from "./bench.ts";
import { PARTS } from "./parts/index.ts";
import { placeSection, renderSection, type Section } from "./report.ts";

const PAGE = join(import.meta.dirname, "../../docs/performance.md");
const USAGE = `Use: npm run bench -- [PART...] [--full] [--keep]

  PART     ${Object.keys(PARTS).join(", ")}; all without one
  --full   bootstrap on a host without engine and images, which are installed and built there
  --keep   leave the bench's appliance running, and use the one that was left
`;

async function main(args: readonly string[]): Promise<number> {
  const options = new Set(args.filter((arg) => arg.startsWith("--")));
  const named = args.filter((arg) => !arg.startsWith("--"));
  const isKnown = [...options].every((option) => ["--full", "--keep"].includes(option));
  if (!isKnown || named.some((name) => !(name in PARTS))) return refuse(USAGE);
  if (!process.versions.node.startsWith("24.")) return refuse(`Node 24 is needed, this is ${process.versions.node}\n`);
  const chosen = Object.entries(PARTS).filter(([name]) => named.length === 0 || named.includes(name));
  await measure(chosen, { full: options.has("--full"), keep: options.has("--keep") });
  return 0;
}

function refuse(why: string): number {
  process.stderr.write(why);
  return 2;
}

/** Each part is written as soon as it is there: a later one that breaks loses nothing. */
async function measure(parts: readonly [string, Part][], { full, keep }: { full: boolean; keep: boolean }) {
  let started: Promise<Appliance> | undefined;
  const bench: Bench = { full, appliance: () => (started ??= startAppliance({ keep })) };
  try {
    for (const [name, part] of parts) publish(await take(name, part, bench));
  } finally {
    if (!keep) await (await started?.catch(() => undefined))?.remove();
  }
}

async function take(name: string, part: Part, bench: Bench): Promise<Section> {
  console.error(`measuring: ${name}`);
  const machine = await describeMachine();
  const before = loadNow();
  const figures = await part(bench);
  const date = new Date().toISOString().slice(0, 10);
  const command = `npm run bench -- ${name}${bench.full ? " --full" : ""}`;
  const circumstances = `${date}, ${machine}; load average before ${before}, after ${loadNow()}.`;
  return { part: name, command, circumstances, figures };
}

function publish(section: Section): void {
  console.log(`${renderSection(section)}\n`);
  writeFileSync(PAGE, placeSection(readFileSync(PAGE, "utf8"), section));
}

process.exitCode = await main(process.argv.slice(2));
