import type { Container } from "@appliance/jobs";
import { step, type PlannedStep } from "./capability.ts";

export interface BackupAgentWanted {
  /** With the tag of this version. */
  image: string;
  /** Whether this host makes backups, or restores those of another one every night. */
  isNeeded: boolean;
}

export interface BackupAgentStep extends PlannedStep {
  action: "start" | "replace" | "remove";
}

/** backup-agent at work, or no container of it where it has nothing to do. What it does when is its own. Pure. */
export function planBackupAgent(
  { image, isNeeded }: BackupAgentWanted,
  container: Pick<Container, "state" | "health" | "image"> | undefined,
): BackupAgentStep[] {
  if (!isNeeded) return container ? [agentStep("remove", "Remove backup-agent, which has nothing to do")] : [];
  if (container?.state !== "running") return [agentStep("start", "Start backup-agent")];
  if (container.image === image && container.health !== "unhealthy") return [];
  return [{ ...agentStep("replace", "Replace backup-agent with a fresh one"), restarts: ["backup-agent"] }];
}

function agentStep(action: BackupAgentStep["action"], summary: string): BackupAgentStep {
  return step({ capability: "backup-agent", action, summary });
}
