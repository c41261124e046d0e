import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import { writeFileDurable } from "@appliance/files";
import { RunId, RunRecord } from "./run-record.ts";

/** How many finished runs are remembered. */
const KEEP = 100;
/** How many more gather before they are all read to find the oldest, which every run would have to wait for. */
const SLACK = 20;
const ENDING = ".json";

/** The records of all runs, one file each, readable by whoever has to tell what happened. */
export interface RunRecords {
  /** Durable when it returns. @throws OperatorError `DISK_FULL` or `FILE_NOT_WRITTEN` */
  write(record: RunRecord): Promise<void>;
  /** Undefined when there is none, or when it cannot be understood. */
  read(id: string): Promise<RunRecord | undefined>;
  /** The latest start first. A record that cannot be understood is left out. */
  list(): Promise<RunRecord[]>;
  /** Removes the oldest finished ones beyond those that are kept, once some more have gathered. */
  prune(): Promise<void>;
}

export function openRunRecords(folder: string): RunRecords {
  const pathOf = (id: string) => join(folder, RunId.parse(id) + ENDING);

  async function list(): Promise<RunRecord[]> {
    const names = await readdir(folder);
    const records = names.filter(isRecordName).map((name) => readRecord(join(folder, name)));
    const readable = (await Promise.all(records)).filter((record) => record !== undefined);
    return readable.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  }

  return {
    list,
    write: (record) => writeFileDurable(pathOf(record.id), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o644 }),
    read: (id) => readRecord(pathOf(id)),
    async prune() {
      if ((await readdir(folder)).length <= KEEP + SLACK) return;
      const finished = (await list()).filter(({ state }) => state !== "running");
      for (const { id } of finished.slice(KEEP)) await rm(pathOf(id), { force: true });
    },
  };
}

function isRecordName(name: string): boolean {
  return name.endsWith(ENDING) && RunId.safeParse(name.slice(0, -ENDING.length)).success;
}

async function readRecord(path: string): Promise<RunRecord | undefined> {
  try {
    return RunRecord.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
