import { ConfigRecover, type DataOf, type Recovered } from "@appliance/jobs";
import * as z from "zod";
import { PATHS } from "../paths.ts";
import type { RootFiles } from "../root-files.ts";

/** The last recovery of this host: what was asked for, and what was put back. */
export interface RecoveryRecord {
  runId: string;
  /** ISO 8601 */
  begunAt: string;
  order: DataOf<typeof ConfigRecover>;
  /** Null until documents and database are in place. */
  restored: Recovered | null;
}

/** A file, since the queue that a recovery was asked through may be emptied before it has ended. */
export interface RecoveryRecords {
  read(): Promise<RecoveryRecord | undefined>;
  begin(runId: string, order: DataOf<typeof ConfigRecover>): Promise<RecoveryRecord>;
  /** From here on the run does not restore again, however often it is taken up. */
  finish(runId: string, restored: Recovered): Promise<void>;
}

const Stored = z.object({
  runId: z.string(),
  begunAt: z.iso.datetime(),
  order: ConfigRecover.data,
  restored: ConfigRecover.result.nullable(),
});

export function createRecoveryRecords(files: RootFiles, now: () => Date): RecoveryRecords {
  const write = (record: RecoveryRecord) =>
    files.write(PATHS.recovery, `${JSON.stringify(record)}\n`, { mode: 0o600, uid: 0, gid: 0 });
  const read = async () => {
    const text = await files.read(PATHS.recovery);
    return text && Stored.parse(JSON.parse(text.toString("utf8")));
  };
  return {
    read,
    async begin(runId, order) {
      const record = { runId, begunAt: now().toISOString(), order, restored: null };
      await write(record);
      return record;
    },
    async finish(runId, restored) {
      const record = await read();
      if (record?.runId === runId) await write({ ...record, restored });
    },
  };
}
