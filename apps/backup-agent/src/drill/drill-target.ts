import { join } from "node:path";
import { deriveKeys, type Report } from "@appliance/backup-content";
import type { Amount } from "@appliance/backup-engine";
import type { RunCommand } from "@appliance/command";
import { isInterrupted, toFailure, type Failure } from "@appliance/errors";
import type { BackupDrill, JobContext, ResultOf } from "@appliance/jobs";
import type { BackupAgentSlice, TargetSettings } from "../slice.ts";
import { freeBytes } from "../targets/local-folder.ts";
import { hasSaved, type TargetStates } from "../targets/target-state.ts";
import type { Targets } from "../targets/targets.ts";
import { withDrillFolder, type DrillFolder } from "./drill-folder.ts";
import type { ProofOrder } from "./proof-order.ts";
import { recoverySeconds } from "./recovery-seconds.ts";
import { keepReport } from "./reports.ts";
import { restoreNewest, type Restored } from "./restore-newest.ts";

export interface DrillDeps {
  /** @throws OperatorError `SLICE_MISSING` */
  slice: () => Promise<BackupAgentSlice>;
  targets: Targets;
  states: TargetStates;
  /** `proveRestored`, wherever it is done. */
  prove: (order: ProofOrder, signal: AbortSignal) => Promise<Report>;
  run: RunCommand;
  volatileDir: string;
  scratchDir: string;
  reportsDir: string;
  now: () => Date;
}

export type Outcome = ResultOf<typeof BackupDrill>["targets"][number];
type Context = JobContext<typeof BackupDrill>;

const NOTHING = { files: 0, bytes: 0 };

/** What is found wrong, or keeps it from being proven, is the outcome; only an interruption is thrown. */
export async function drillTarget(target: TargetSettings, context: Context, deps: DrillDeps): Promise<Outcome> {
  try {
    const proof = await withDrillFolder(target.name, deps, (folder) => proveNewest(target, folder, context, deps));
    return await note(target, proof, deps);
  } catch (error) {
    if (isInterrupted(context.signal)) throw error;
    context.log.error({ target: target.name, err: error }, "a drill failed");
    const failure = toFailure(context.signal.aborted ? context.signal.reason : error);
    await deps.states.update(target.name, { drill: { at: deps.now().toISOString(), failure, report: null } });
    return { target: target.name, outcome: "failed", of: null, report: null, seconds: 0, failure };
  }
}

interface Proof {
  report: Report;
  restored: Restored;
}

/** The target is held for the restore alone: a backup that waits for it does not wait for the proof, which may take hours. */
async function proveNewest(
  target: TargetSettings,
  { restored: folder, temporary }: DrillFolder,
  context: Context,
  deps: DrillDeps,
): Promise<Proof> {
  const slice = await deps.slice();
  const restored = await restoreFrom(target, folder, slice, context, deps);
  const { root, point, manifest, partial, restoreMs } = restored;
  tell(context, `Proving what ${target.name} gave back`);
  const report = await deps.prove(
    {
      root,
      of: point.at.toISOString(),
      restoreMs,
      partial,
      hasManifest: manifest !== undefined,
      sealSecrets: slice.sealSecrets,
      vaultKeys: slice.vaultKeys,
      databaseLocale: slice.databaseLocale,
      scratch: join(deps.scratchDir, ".proof"),
      temporary,
    },
    context.signal,
  );
  return { report, restored };
}

async function restoreFrom(
  target: TargetSettings,
  folder: string,
  { sealSecrets }: BackupAgentSlice,
  context: Context,
  { targets, states, now }: DrillDeps,
): Promise<Restored> {
  const { signal } = context;
  const state = await states.at(target);
  tell(context, `Waiting for ${target.name}`);
  const sentence = `Restoring from ${target.name}`;
  return targets.use(
    target,
    (engine) => {
      tell(context, sentence);
      return restoreNewest(engine, folder, {
        keys: deriveKeys(...sealSecrets),
        freeBytes: () => freeBytes(folder),
        samplePaths: SAMPLE_PATHS[target.engine],
        // What this host saved has a manifest.
        mayBeLegacy: target.engine === "duplicity" && !hasSaved(state),
        chance: Math.random,
        now: now(),
        signal,
        onProgress: (done, total) => context.progress({ sentence, done, total, secondsLeft: null }),
      });
    },
    signal,
    { patient: true },
  );
}

const SAMPLE_PATHS = { restic: 200, duplicity: 8 };

function tell({ progress }: Context, sentence: string, done: Amount = NOTHING): void {
  progress({ sentence, done, total: null, secondsLeft: null });
}

/** Keeps the report, and what it says of the target. */
async function note({ name }: TargetSettings, { report, restored }: Proof, deps: DrillDeps): Promise<Outcome> {
  const { sealSecrets } = await deps.slice();
  const reportName = await keepReport(deps.reportsDir, name, report, deriveKeys(...sealSecrets));
  const seconds = recoverySeconds(report, restored.manifest);
  const { at, of, extent } = report;
  const whole = extent.files === "whole";
  const failure = failureOf(report);
  await deps.states.update(name, {
    drill: { at, failure, report: reportName },
    ...(failure ? {} : { proven: { at, of, whole, seconds } }),
  });
  const outcome = failure ? "failed" : whole ? "proven" : "sample";
  return { target: name, outcome, of, report: reportName, seconds, failure };
}

/** The first fault; the report has all of them. */
function failureOf({ faults }: Report): Failure | null {
  const [first, ...others] = faults;
  if (!first) return null;
  if (others.length === 0) return first;
  return { ...first, message: `${first.message} And ${others.map(({ message }) => message).join(" ")}` };
}
