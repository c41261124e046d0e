import { sealSecretsOf } from "@appliance/env";
import type { Capability, RunContext, Wanted } from "../capability.ts";
import type { Containers } from "../containers.ts";
import { planBackupAgent, type BackupAgentStep } from "../plan-backup-agent.ts";

interface Deps {
  containers: Containers;
  /** The appliance's own version, which is the tag of its images. */
  version: string;
}

const SERVICE = "backup-agent";

/** backup-agent runs before the application does: who breaks an application finds the backups made. The appliance serves without it. */
export function backupAgentCapability({ containers, version }: Deps): Capability<BackupAgentStep> {
  return {
    name: "backup-agent",
    title: "Starting the backup",
    isOptional: true,
    async plan(wanted) {
      const all = await containers.observeFor(wanted);
      const container = all.find(({ project, service }) => project === "core" && service === SERVICE);
      return planBackupAgent({ image: `appliance/${SERVICE}:${version}`, isNeeded: isNeeded(wanted) }, container);
    },
    async apply({ action }, _wanted, run) {
      if (action === "remove") await containers.remove("core", [SERVICE], run);
      else await start(action === "replace" ? "always" : "changed", run, containers);
    },
  };
}

/** Without a secret there is nothing to encrypt with; a host in standby has nothing to save. */
function isNeeded({ env }: Wanted): boolean {
  const { standby, backup } = env.appliance;
  return sealSecretsOf(env) !== undefined && (!standby || backup.pull);
}

/** One that does not start is taken away: a container that lies there is what a repair brings back, again and again. */
async function start(recreate: "changed" | "always", run: RunContext, containers: Containers): Promise<void> {
  try {
    await containers.up({ project: "core", services: [SERVICE], recreate }, run);
  } catch (err) {
    if (!run.signal.aborted) await containers.remove("core", [SERVICE], run);
    throw err;
  }
}
