import type { BackupDrill, Work } from "@appliance/jobs";
import { createTurns } from "../targets/turns.ts";
import { drillTarget, type DrillDeps, type Outcome } from "./drill-target.ts";

/**
 * `backup.drill`: one target after the other, one that fails holds up no other. It changes nothing but its own folder, so it needs no
 * lease of the host; delivered again, it begins anew.
 */
export function createDrill(deps: DrillDeps): Work<typeof BackupDrill> {
  // Two at once would clear each other's folder, and each would see too little room.
  const turns = createTurns();
  return ({ target: name }, context) => {
    const drill = async () => {
      const outcomes: Outcome[] = [];
      for (const target of await deps.targets.chosen(name)) {
        outcomes.push(await drillTarget(target, context, deps));
        context.signal.throwIfAborted();
      }
      return { targets: outcomes };
    };
    return turns.take("drill", context.signal, drill, { patient: true });
  };
}
