import { OperatorError } from "@appliance/errors";
import { assess, type Assessment } from "../assess.ts";
import type { Context } from "../context.ts";

const MOST_STUDIES = 10_000;
const MOST_YEARS = 100;

/** `appliance assess`: how large a server must be, as the manual, 1.2, reckons. */
export function assessCommand(
  options: { studiesPerMonth: string; years: string; json: boolean },
  { terminal }: Pick<Context, "terminal">,
): void {
  const studies = readNumber("--studies-per-month", options.studiesPerMonth, MOST_STUDIES);
  const assessment = assess(studies, readNumber("--years", options.years, MOST_YEARS));
  if (options.json) return terminal.json(assessment);
  terminal.print(formatTable(assessment));
  for (const warning of assessment.warnings) terminal.say(warning);
}

function readNumber(option: string, text: string, most: number): number {
  const value = /^\d{1,5}(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= most) return value;
  throw new OperatorError("USAGE", `${option} '${text}' is no number above 0 and up to ${most}.`, {
    remedy: "Write it in digits, such as: appliance assess --studies-per-month 40 --years 10",
  });
}

function formatTable(figures: Assessment): string {
  const { studiesPerMonth, years, cores, memoryGb, baseGb, databaseGb, documentsGb, diskGb, backupGb } = figures;
  const rows = [
    ["Cores", String(cores)],
    ["Memory", `${memoryGb} GB or more`],
    ["Disk", `${diskGb} GB`],
    ["  system, temporary", `${baseGb} GB`],
    ["  database", `${databaseGb} GB`],
    ["  documents", `${documentsGb} GB`],
    ["Backup", `${backupGb} GB`],
  ] as const;
  const head = `${studiesPerMonth} studies per month, after ${years} years:`;
  return [head, ...rows.map(([name, size]) => `${name.padEnd(20)}  ${size}`)].join("\n");
}
