import { secretsOf } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import type { Host } from "@appliance/host";
import type { Log, Step } from "@appliance/jobs";
import { parseStates, type State } from "@appliance/states";
import { step, type Capability, type PlannedStep, type RunContext, type Wanted } from "../capability.ts";
import type { RootFiles } from "../root-files.ts";
import { applyState, createStateRecord, observeState, type Difference, type StateTools } from "../states/index.ts";

interface StateStep extends Step {
  /** The states that it puts in place, by index: its own, and those after it that had nothing to do before it. */
  from: number;
  to: number;
}

interface Deps {
  host: Host;
  files: RootFiles;
  log: Log;
}

/** `appliance:extra:states`: each state is looked at for the plan, and again when its turn comes, since those before it change it. */
export function extraStatesCapability(deps: Deps): Capability<StateStep & PlannedStep> {
  return {
    name: "extra-states",
    title: "Carrying out the states of env.yml",
    plan: (wanted) => plan(statesOf(wanted), toolsFor(wanted, deps)),
    async apply({ from, to }, wanted, run) {
      const states = statesOf(wanted);
      const tools = { ...toolsFor(wanted, deps), signal: run.signal };
      for (let index = from; index < to; index += 1) await bring(states, index, tools, run);
    },
  };
}

function statesOf({ env }: Wanted): State[] {
  return parseStates(env.appliance.extra.states ?? "").states;
}

function toolsFor({ env }: Wanted, { host, files, log }: Deps): StateTools {
  return { host, log, record: createStateRecord(files), secrets: secretsOf(env) };
}

async function plan(states: readonly State[], tools: StateTools): Promise<(StateStep & PlannedStep)[]> {
  const changed = new Set<number>();
  const planned: (PlannedStep & { from: number })[] = [];
  for (const [index, state] of states.entries()) {
    const difference = await look(state, changed, tools);
    if (!difference) continue;
    if (difference.unavailable === undefined) changed.add(index);
    planned.push(step({ capability: "extra-states", ...difference, from: index }));
  }
  return planned.map((one, i) => ({ ...one, to: planned[i + 1]?.from ?? states.length }));
}

/** What cannot be looked at yet, such as a file of a user whom a package brings, is seen when its turn comes. */
async function look(state: State, changed: ReadonlySet<number>, tools: StateTools): Promise<Difference | undefined> {
  try {
    const difference = await observeState(state, tools);
    if (difference || !state.watches.some((index) => changed.has(index))) return difference;
    const unit = state.function === "service.running" ? state.unit : "";
    return { summary: `Restart ${unit}`, restarts: [unit] };
  } catch (error) {
    if (changed.size === 0 || !(error instanceof OperatorError)) throw error;
    return { summary: `Carry out ${state.function} of line ${state.line}, once the states before are in place` };
  }
}

async function bring(states: readonly State[], index: number, tools: StateTools, run: RunContext): Promise<void> {
  const state = states[index];
  const difference = state && (await observeState(state, tools));
  if (!state || !difference || difference.unavailable !== undefined) return;
  run.signal.throwIfAborted();
  run.note(difference.summary);
  for (const other of states)
    if (other.function === "service.running" && other.watches.includes(index))
      await tools.record.setRestart(other.unit, true);
  await applyState(state, tools);
}
