import { OperatorError, toFailure } from "@appliance/errors";
import type { ApplyProgress, ConfigApply, Step } from "@appliance/jobs";
import { showsPage, type Capability, type PlannedStep, type RunContext, type Wanted } from "./capability.ts";

/** What the operator wants of the appliance, beside what env.yml says. */
export type Goal = "running" | "stopped" | "standby";

export interface ApplyDeps {
  /** In the order of start; each may rely on those before it. */
  capabilities: readonly Capability[];
  /** Those that are left out while the application is not to run. */
  onlyWhileRunning: ReadonlySet<string>;
  /** Called before the first step of a run that interrupts the application, or finds it down. */
  interrupt: () => Promise<void>;
  onStep: (progress: ApplyProgress, title: string) => Promise<void>;
  /** `failure` is what went wrong with a step of an optional part. */
  onStepDone: (step: Step, failure?: unknown) => Promise<void>;
}

export interface ApplyResult {
  steps: Step[];
  changed: number;
}

/**
 * Brings the appliance to what env.yml says, capability by capability: each is planned when those before it are in place, and
 * its steps are carried out in order. The first failure ends the run; what was done stays, and the next run goes on from there.
 * @throws OperatorError what failed, with the name of the part
 */
export async function applyConfig(wanted: Wanted, goal: Goal, run: RunContext, deps: ApplyDeps): Promise<ApplyResult> {
  const steps: Step[] = [];
  let interrupted = false;
  const chosen = chooseCapabilities(goal, deps);
  for (const [index, capability] of chosen.entries()) {
    for (const planned of (await capability.plan(wanted)).filter(isPossible)) {
      run.signal.throwIfAborted();
      const progress = { capability: capability.name, step: planned.summary, done: index, total: chosen.length };
      await deps.onStep(progress, capability.title);
      if (showsPage(planned) && !interrupted) {
        await deps.interrupt();
        interrupted = true;
      }
      const failure = await carryOut(capability, planned, wanted, run);
      const done = { ...toPlainStep(planned), ...(failure === undefined ? {} : { failed: inWords(failure) }) };
      await deps.onStepDone(done, failure);
      steps.push(done);
    }
  }
  return { steps, changed: steps.length };
}

/** Carries a step out. Returns what went wrong with one that the appliance serves without. */
async function carryOut(
  capability: Capability,
  planned: PlannedStep,
  wanted: Wanted,
  run: RunContext,
): Promise<unknown> {
  try {
    await capability.apply(planned, wanted, run);
    return undefined;
  } catch (err) {
    if (!capability.isOptional || run.signal.aborted) throw err;
    return err;
  }
}

function inWords(failure: unknown): string {
  const { code, message, remedy } = toFailure(failure);
  return `${message} → ${remedy} (${code})`;
}

/**
 * The steps that an apply would take now. A capability that needs another one first (a database that is not running yet) cannot
 * be asked; it is a step that says so.
 */
export async function planConfig(
  wanted: Wanted,
  goal: Goal,
  deps: Pick<ApplyDeps, "capabilities" | "onlyWhileRunning">,
): Promise<Step[]> {
  const steps: Step[] = [];
  let pageIsOn = false;
  for (const capability of chooseCapabilities(goal, deps))
    try {
      const planned = await capability.plan(wanted, { pageIsOn });
      pageIsOn ||= planned.some(showsPage);
      steps.push(...planned.map(toPlainStep));
    } catch (err) {
      if (steps.length === 0) throw err;
      const { message } = toFailure(err);
      const summary = `${capability.title}, once the steps before are done (now: ${message})`;
      steps.push({ capability: capability.name, summary, changes: [], restarts: [], downtime: null });
    }
  return steps;
}

function chooseCapabilities(
  goal: Goal,
  { capabilities, onlyWhileRunning }: Pick<ApplyDeps, "capabilities" | "onlyWhileRunning">,
) {
  return goal === "running" ? capabilities : capabilities.filter(({ name }) => !onlyWhileRunning.has(name));
}

/** What has no power over this host stays a plan: it is shown by a dry run and never carried out. */
function isPossible({ unavailable }: PlannedStep): boolean {
  return unavailable === undefined;
}

/** A planned step holds what its capability needs to carry it out, secrets among it; only these fields are shown. */
function toPlainStep({ capability, summary, changes, restarts, downtime, unavailable }: PlannedStep): Step {
  const shown = unavailable === undefined ? summary : `${summary} (not carried out here: ${unavailable})`;
  return { capability, summary: shown, changes, restarts, downtime };
}

/** @throws OperatorError `APPLIANCE_FAILED` while a failure is not cleared and nobody asked to try again. */
export function refuseWhileFailed(failed: boolean, reason: ConfigApply["reason"]): void {
  if (!failed || reason === "operator") return;
  throw new OperatorError(
    "APPLIANCE_FAILED",
    "The appliance failed before and does not start by itself until that is cleared.",
    {
      remedy: "See why with `appliance failed`, mend it, then run `appliance failed clear` and `appliance start`.",
    },
  );
}
