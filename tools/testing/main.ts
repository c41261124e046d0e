/** Prepares the machine, checks types, lint, format and boundaries, runs the wanted levels, counts. */
import { runChecks } from "./checks.ts";
import { LEVELS, type Level, runLevel } from "./levels.ts";
import { prepareMachine } from "./prepare.ts";
import { addUp, lastLine, type Summary, succeeded } from "./summary.ts";

async function main([wanted = "all", ...files]: string[]): Promise<number> {
  const levels = LEVELS.filter((level) => wanted === level || wanted === "all");
  if (levels.length === 0) return refuse("Use: tools/test [unit|int|lab|all] [FILE...]");
  if (!process.versions.node.startsWith("24.")) return refuse(`Node 24 is needed, this is ${process.versions.node}`);
  try {
    await prepareMachine(levels);
  } catch (error) {
    console.error(error);
    return report({ passed: 0, failed: ["preparing the machine"], skipped: [] });
  }
  return report(await runAll(levels, files));
}

function refuse(why: string): number {
  console.error(why);
  return 2;
}

/** Files narrow a run down to what is being worked on, so the checks of the whole repository are left out. */
async function runAll(levels: readonly Level[], files: readonly string[]): Promise<Summary> {
  const summaries = files.length > 0 ? [] : [await runChecks()];
  for (const level of levels) summaries.push(await runLevel(level, files));
  return addUp(summaries);
}

function report(summary: Summary): number {
  for (const { name, reason } of summary.skipped) console.log(`skipped: ${name}: ${reason}`);
  for (const name of summary.failed) console.log(`failed: ${name}`);
  console.log(lastLine(summary));
  return succeeded(summary) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
