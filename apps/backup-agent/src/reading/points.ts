import type { Point } from "@appliance/backup-engine";
import { BackupPoint } from "@appliance/jobs";
import * as z from "zod";
import type { Targets } from "../targets/targets.ts";

/** What can be restored from a target, oldest first. */
export const TargetPoints = z.object({ target: z.string(), points: z.array(BackupPoint) });
export type TargetPoints = z.infer<typeof TargetPoints>;

/** Asks one target what it holds. @throws OperatorError of the engine, `BACKUP_TARGET_UNKNOWN`, `BACKUP_TARGET_BUSY` */
export async function listPoints(name: string, targets: Targets, signal: AbortSignal): Promise<TargetPoints> {
  const target = (await targets.chosen(name))[0]!; // where there is none, that is thrown
  const points = await targets.use(target, (engine) => engine.list({ signal }), signal);
  return { target: name, points: points.map(toBackupPoint) };
}

/** A point as it goes over the wire. */
export const toBackupPoint = ({ id, at, kind }: Point): BackupPoint => ({ id, at: at.toISOString(), kind });
