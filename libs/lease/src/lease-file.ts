import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere, syncFolder, writeFileDurable } from "@appliance/files";
import * as z from "zod";
import { RunId, RunKind, type RunRecord } from "./run-record.ts";
import type { RunRecords } from "./run-records.ts";

/** Who may change the host now: a run, not a process, so it stands through restarts and reboots. */
export const LeaseHolder = z.object({
  runId: RunId,
  kind: RunKind,
  /** The only one that may go on with the run or end it. */
  agent: z.string().min(1),
  since: z.iso.datetime(),
  /** The host's boot id when the run was last begun or resumed. */
  hostBoot: z.string(),
});
export type LeaseHolder = z.infer<typeof LeaseHolder>;

const FILE = "lease.json";

/**
 * The holder as the files say it; undefined when the host is free. A run whose record says that it ended holds nothing: its
 * agent died between the two. When the file cannot be understood, the records say whose run is unfinished.
 */
export async function readHolder(folder: string, runs: RunRecords): Promise<LeaseHolder | undefined> {
  const text = await readIfThere(join(folder, FILE));
  if (text === undefined) return undefined;
  const holder = parseHolder(text);
  if (holder) return (await isOver(holder, runs)) ? undefined : holder;
  const unfinished = (await runs.list()).find(({ state }) => state === "running");
  return unfinished && holderOf(unfinished);
}

export async function writeHolder(folder: string, holder: LeaseHolder): Promise<void> {
  await setAsideWhatIsBroken(folder);
  await writeFileDurable(join(folder, FILE), `${JSON.stringify(holder, null, 2)}\n`, { mode: 0o644 });
}

export async function removeHolder(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true });
  await syncFolder(folder);
}

async function isOver({ runId }: LeaseHolder, runs: RunRecords): Promise<boolean> {
  const record = await runs.read(runId);
  return record !== undefined && record.state !== "running";
}

function holderOf({ id, kind, agent, startedAt }: RunRecord): LeaseHolder {
  return { runId: id, kind, agent, since: startedAt, hostBoot: "" };
}

/** Kept for whoever wants to know what happened to it. */
async function setAsideWhatIsBroken(folder: string): Promise<void> {
  const text = await readIfThere(join(folder, FILE));
  if (text !== undefined && !parseHolder(text)) await rename(join(folder, FILE), join(folder, `${FILE}.broken`));
}

function parseHolder(text: string): LeaseHolder | undefined {
  try {
    return LeaseHolder.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
