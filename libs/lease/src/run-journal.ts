import type { Failure } from "@appliance/errors";
import type { RunRecord } from "./run-record.ts";
import type { RunRecords } from "./run-records.ts";

/** The record of a run while it is being written. What it says is on disk when a call returns. */
export interface RunJournal {
  readonly record: RunRecord;
  /** An earlier process began this run. */
  readonly resumed: boolean;
  /** The host has booted since this run was begun or last resumed. */
  readonly rebooted: boolean;
  /** Whether a step of this name has ended, in this process or an earlier one. */
  isDone(step: string): boolean;
  startStep(step: string): Promise<void>;
  finishStep(step: string, note?: string): Promise<void>;
  finish(state: "succeeded" | "failed", failure?: Failure): Promise<void>;
}

interface JournalOptions {
  records: RunRecords;
  now: () => Date;
  run: Pick<RunRecord, "id" | "kind" | "agent">;
  rebooted: boolean;
}

function begunAgain(earlier: RunRecord): RunRecord {
  const { finishedAt: _, ...record } = earlier;
  return { ...record, state: "running" };
}

/**
 * Begins a record, or goes on with the one that an earlier process left unfinished. One that was abandoned goes on too when its
 * job is delivered once more: what it did then is still its own.
 */
export async function createJournal({ records, now, run, rebooted }: JournalOptions): Promise<RunJournal> {
  const timestamp = () => now().toISOString();
  const earlier = await records.read(run.id);
  const resumed = earlier?.state === "running" || earlier?.state === "abandoned";
  let record: RunRecord = resumed
    ? { ...begunAgain(earlier), resumedAt: [...earlier.resumedAt, timestamp()] }
    : { ...run, startedAt: timestamp(), resumedAt: [], state: "running", steps: [] };
  await records.write(record);

  const update = async (changed: Partial<RunRecord>): Promise<void> => {
    record = { ...record, ...changed };
    await records.write(record);
  };
  return {
    get record() {
      return record;
    },
    resumed,
    rebooted,
    isDone: (step) => record.steps.some(({ name, finishedAt }) => name === step && finishedAt !== undefined),
    async startStep(step) {
      const others = record.steps.filter(({ name }) => name !== step);
      await update({ steps: [...others, { name: step, startedAt: timestamp() }] });
    },
    async finishStep(step, note) {
      const finished = { finishedAt: timestamp(), ...(note === undefined ? {} : { note }) };
      await update({ steps: record.steps.map((one) => (one.name === step ? { ...one, ...finished } : one)) });
    },
    finish: (state, failure) => update({ state, finishedAt: timestamp(), ...(failure ? { failure } : {}) }),
  };
}
