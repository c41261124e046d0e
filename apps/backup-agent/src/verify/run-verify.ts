import type { ReadOutcome } from "@appliance/backup-engine";
import { isInterrupted, toFailure } from "@appliance/errors";
import type { BackupVerify, JobContext, ResultOf, Work } from "@appliance/jobs";
import type { TargetSettings } from "../slice.ts";
import type { TargetState, TargetStates } from "../targets/target-state.ts";
import type { Targets } from "../targets/targets.ts";

export interface VerifyDeps {
  targets: Targets;
  states: TargetStates;
  now: () => Date;
}

type Context = JobContext<typeof BackupVerify>;
type Outcome = ResultOf<typeof BackupVerify>["targets"][number];

const NOTHING = { files: 0, bytes: 0 };

/** `backup.verify`: one target after the other; one that fails holds up no other. */
export function createVerify(deps: VerifyDeps): Work<typeof BackupVerify> {
  return async ({ target: name, everything }, context) => {
    const outcomes: Outcome[] = [];
    for (const target of await deps.targets.chosen(name)) {
      outcomes.push(await verify(target, everything, context, deps));
      context.signal.throwIfAborted();
    }
    return { targets: outcomes };
  };
}

/** What is wrong at the target is its outcome; only an interruption is thrown, and the next delivery goes on with what is due then. */
async function verify(
  target: TargetSettings,
  everything: boolean,
  context: Context,
  deps: VerifyDeps,
): Promise<Outcome> {
  const startedAt = deps.now();
  const before = await deps.states.at(target);
  const outcomeOf = (since: string | null, more: Pick<Outcome, "outcome" | "read" | "failure">): Outcome => ({
    target: target.name,
    everythingReadSince: since,
    seconds: secondsSince(startedAt, deps.now()),
    ...more,
  });
  const note = ({ failure, everythingReadSince }: Outcome, counted: Partial<TargetState>) =>
    deps.states.update(target.name, {
      verified: { at: deps.now().toISOString(), failure, everythingReadSince },
      ...counted,
    });
  try {
    const { read, stored, points, everythingReadSince } = await readTarget(target, everything, context, deps);
    const outcome = outcomeOf(everythingReadSince?.toISOString() ?? null, { outcome: "whole", read, failure: null });
    await note(outcome, { usage: { at: deps.now().toISOString(), stored, points } });
    return outcome;
  } catch (error) {
    if (isInterrupted(context.signal)) throw error;
    context.log.error({ target: target.name, err: error }, "a backup target is not whole, or could not be read");
    const failure = toFailure(context.signal.aborted ? context.signal.reason : error);
    const since = before.verified?.everythingReadSince ?? null;
    const outcome = outcomeOf(since, { outcome: "failed", read: NOTHING, failure });
    await note(outcome, {});
    return outcome;
  }
}

function readTarget(
  target: TargetSettings,
  everything: boolean,
  { signal, progress }: Context,
  { targets }: VerifyDeps,
): Promise<ReadOutcome> {
  const tell = (sentence: string) => progress({ sentence, done: NOTHING, total: null, secondsLeft: null });
  tell(`Waiting for ${target.name}`);
  return targets.use(
    target,
    async (engine) => {
      tell(`Looking whether everything is at ${target.name}`);
      await engine.check({ signal });
      tell(everything ? `Reading everything at ${target.name}` : `Reading what is due at ${target.name}`);
      return engine.verifyData({ everything, signal });
    },
    signal,
    { patient: true },
  );
}

const secondsSince = (from: Date, to: Date) => Math.max(0, (to.getTime() - from.getTime()) / 1000);
