import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere, writeFileDurable } from "@appliance/files";
import { BackupPoint, type Log } from "@appliance/jobs";
import * as z from "zod";
import type { TargetSettings } from "../slice.ts";
import { placeOf } from "./place.ts";

const instant = z.iso.datetime();
const count = z.int().min(0);
const Failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
const Amount = z.object({ files: count, bytes: count });

const Run = z.object({
  startedAt: instant,
  seconds: z.number().min(0),
  outcome: z.enum(["saved", "incomplete", "failed"]),
  failure: Failure.nullable(),
  point: BackupPoint.nullable(),
  source: Amount,
  /** What the run added; files are duplicity's volumes. */
  stored: Amount,
});

/** What is known of one target. It lies in the backup, so nothing but knowledge is lost with it. */
export const TargetState = z.object({
  /** Of which place all of this is true, as `placeOf` has it. */
  place: z.string().nullable().default(null),
  /** An older record could not be read, and no run has saved everything since: what the target should hold is not known. */
  lost: z.boolean().default(false),
  /** The last run, however it ended, and the last that saved everything. */
  lastRun: Run.nullable().default(null),
  lastSuccess: Run.nullable().default(null),
  /** What a person should look at since the last run, though it may have saved everything. */
  alerts: z.array(Failure).default([]),
  /** Of the last full backup (duplicity) or the first (restic): how long all of it takes. */
  lastFull: Run.nullable().default(null),
  verified: z
    .object({ at: instant, failure: Failure.nullable(), everythingReadSince: instant.nullable() })
    .nullable()
    .default(null),
  /** The last drill, however it ended. */
  drill: z.object({ at: instant, failure: Failure.nullable(), report: z.string().nullable() }).nullable().default(null),
  /** The last backup that was restored and found right: when, of what instant, and whether as a whole. */
  proven: z.object({ at: instant, of: instant, whole: z.boolean(), seconds: z.number() }).nullable().default(null),
  usage: z.object({ at: instant, stored: Amount, points: count }).nullable().default(null),
  /** What the next run is expected to add, and what was free when the last one ended; null where the target does not say. */
  forecast: z
    .object({ at: instant, needBytes: count, freeBytes: count.nullable(), seconds: z.number().nullable() })
    .nullable()
    .default(null),
});
export type TargetState = z.infer<typeof TargetState>;

/** Whether the target should hold a backup of ours. Where nobody knows it should: a new one must not begin in the place of a lost one. */
export const hasSaved = ({ lastSuccess, lost }: Pick<TargetState, "lastSuccess" | "lost">): boolean =>
  lastSuccess !== null || lost;

export interface TargetStates {
  read(target: string): Promise<TargetState>;
  /** The same, begun anew where env.yml now leads to another place: nothing of the former one is true there. */
  at(target: Pick<TargetSettings, "name" | "engine" | "url">): Promise<TargetState>;
  /** Changes what is known, durably. */
  update(target: string, change: Partial<TargetState>): Promise<TargetState>;
}

/** The records of targets in `folder`, a file each. One that cannot be read is `lost`: the next run fills it again. */
export function createTargetStates(folder: string, log: Log): TargetStates {
  const pathOf = (target: string) => join(folder, `${target}.json`);
  const read = async (target: string): Promise<TargetState> => {
    const text = await readIfThere(pathOf(target));
    if (text === undefined) return TargetState.parse({});
    const state = TargetState.safeParse(parseJson(text));
    if (state.success) return state.data;
    log.warn({ target, error: z.prettifyError(state.error) }, "the record of a target cannot be read");
    return TargetState.parse({ lost: true });
  };
  const write = async (target: string, state: TargetState): Promise<TargetState> => {
    await mkdir(folder, { recursive: true, mode: 0o750 });
    await writeFileDurable(pathOf(target), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o640 });
    return state;
  };
  const inTurn = createSequence();
  return {
    read,
    at: (target) =>
      inTurn(async () => {
        const [state, place] = [await read(target.name), placeOf(target)];
        if (state.place === place) return state;
        return write(target.name, state.place === null ? { ...state, place } : TargetState.parse({ place }));
      }),
    update: (target, change) => inTurn(async () => write(target, { ...(await read(target)), ...change })),
  };
}

/** One change after the other: a drill may end while a backup runs, and neither may undo what the other noted. */
function createSequence() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(change: () => Promise<T>): Promise<T> => {
    const mine = last.then(change);
    last = mine.catch(() => {}); // its failure is for whoever asked for it
    return mine;
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
