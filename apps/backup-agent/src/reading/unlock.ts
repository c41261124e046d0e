import { toFailure } from "@appliance/errors";
import type { BackupUnlock, ResultOf, Work } from "@appliance/jobs";
import type { TargetSettings } from "../slice.ts";
import type { Targets } from "../targets/targets.ts";

type Unlocked = ResultOf<typeof BackupUnlock>["targets"][number];

/** `backup.unlock`: breaks what dead runs of this host left locked. One target that fails holds up no other. */
export function createUnlock({ targets }: { targets: Targets }): Work<typeof BackupUnlock> {
  return async ({ target: name }, { signal }) => {
    const unlocked: Unlocked[] = [];
    for (const target of await targets.chosen(name)) unlocked.push(await unlock(target, targets, signal));
    return { targets: unlocked };
  };
}

async function unlock(target: TargetSettings, targets: Targets, signal: AbortSignal): Promise<Unlocked> {
  try {
    const { broken, left } = await targets.use(target, (engine) => engine.unlock({ signal }), signal);
    const foreign = left.map(({ host, since }) => ({ host, since: since.toISOString() }));
    return { target: target.name, broken, left: foreign, failure: null };
  } catch (err) {
    signal.throwIfAborted();
    return { target: target.name, broken: 0, left: [], failure: toFailure(err) };
  }
}
