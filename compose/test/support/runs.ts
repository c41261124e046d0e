import { readdirSync } from "node:fs";
import type { Appliance } from "./appliance.ts";

interface Run {
  id: string;
  state: string;
  startedAt: string;
  /** When its job was delivered again and it went on; others may have run in between. */
  resumedAt: string[];
  finishedAt?: string;
}

const begunAt = ({ startedAt, resumedAt }: Run): string => resumedAt.at(-1) ?? startedAt;

/** The records of top-level runs, in the order in which they last began. */
export function runs(appliance: Appliance): Run[] {
  const folder = "var/lib/appliance/runs";
  const records = readdirSync(appliance.path(folder)).filter((name) => name.endsWith(".json"));
  const all = records.map((name) => JSON.parse(appliance.read(`${folder}/${name}`).toString("utf8")) as Run);
  return all.sort((a, b) => begunAt(a).localeCompare(begunAt(b)));
}

/** Runs of which the next one began before they had ended. */
export function overlappingRuns(appliance: Appliance): string[] {
  const all = runs(appliance);
  const early = (run: Run, next: Run | undefined) => next && (run.finishedAt ?? "9") > begunAt(next);
  return all.filter((run, index) => early(run, all[index + 1])).map(({ id }) => id);
}
