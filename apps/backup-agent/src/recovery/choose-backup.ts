import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CONTENT_FILES, deriveKeys, readManifest, type Keys, type Manifest } from "@appliance/backup-content";
import { newestPoint, pointAt, type BackupEngine, type Point } from "@appliance/backup-engine";
import { formatInstant } from "@appliance/calendar";
import { isSystemError, OperatorError } from "@appliance/errors";
import { DUMPS } from "../contents.ts";
import type { TargetSettings } from "../slice.ts";
import { failure } from "./failures.ts";
import type { RecoveryRequest } from "./plan-recovery.ts";
import { say } from "./progress.ts";
import type { RecoveryDeps } from "./recovery.ts";

export interface ChosenBackup {
  target: TargetSettings;
  point: Point;
  /** Null for a backup of an older system. */
  manifest: Manifest | null;
}

/**
 * The backup that `request` means, with its manifest, which carries the seal of this env.yml.
 * @throws OperatorError of the engine or the manifest; `RECOVERY_NO_POINT`, `RECOVERY_NO_BACKUP` when no target has one.
 */
export async function chooseBackup(
  request: RecoveryRequest,
  deps: RecoveryDeps,
  signal: AbortSignal,
): Promise<ChosenBackup> {
  const keys = deriveKeys(...(await deps.slice()).sealSecrets);
  const targets = await deps.targets.chosen(request.target);
  const refusals: { target: string; error: OperatorError }[] = [];
  for (const target of targets) {
    try {
      say(deps.report, `Looking for a backup at ${target.name}`);
      const found = await deps.targets.use(
        target,
        (engine) => lookAt(engine, target, request, keys, deps, signal),
        signal,
      );
      return { target, ...found };
    } catch (error) {
      if (!(error instanceof OperatorError) || signal.aborted) throw error;
      refusals.push({ target: target.name, error });
      if (targets.length > 1) say(deps.report, `Passing over ${target.name}: ${error.message}`);
    }
  }
  throw whyNone(refusals);
}

function whyNone(refusals: readonly { target: string; error: OperatorError }[]): OperatorError {
  if (refusals.length === 1) return refusals[0]!.error;
  const reasons = refusals.map(({ target, error }) => `${target}: ${error.message} (${error.code})`);
  const { code, message, remedy } = failure("RECOVERY_NO_BACKUP", reasons.join(" "));
  const remedies = refusals.map(({ target, error }) => `${target}: ${error.remedy}`);
  return new OperatorError(code, message, { remedy: [remedy, ...remedies].join("\n"), cause: refusals[0]?.error });
}

async function lookAt(
  engine: BackupEngine,
  target: TargetSettings,
  { at }: RecoveryRequest,
  keys: Keys,
  deps: RecoveryDeps,
  signal: AbortSignal,
): Promise<Omit<ChosenBackup, "target">> {
  const points = await engine.list({ signal });
  const point = at === null ? newestPoint(points, deps.now()) : pointAt(points, new Date(at));
  if (!point) throw failure("RECOVERY_NO_POINT", whyNoPoint(target.name, points, at));
  const ahead = at === null ? points.find((other) => other.at > point.at) : undefined;
  if (ahead) say(deps.report, passedOver(ahead));
  return { point, manifest: await fetchManifest(engine, target, point, keys, deps, signal) };
}

const passedOver = ({ at }: Point) =>
  `Passing over the backup of ${formatInstant(at)}, which is later than now: a clock was wrong then, or this one is`;

function whyNoPoint(target: string, [first]: readonly Point[], at: string | null): string {
  if (!first || at === null) return `${target} holds none`;
  return `the first one at ${target} is of ${formatInstant(first.at)}, which is after ${formatInstant(new Date(at))}`;
}

/** Restores nothing but the manifest, so that a wrong seal or too small a disk is found in seconds and not after hours. */
async function fetchManifest(
  engine: BackupEngine,
  { engine: kind }: TargetSettings,
  { id }: Point,
  keys: Keys,
  { volatileDir }: RecoveryDeps,
  signal: AbortSignal,
): Promise<Manifest | null> {
  await mkdir(volatileDir, { recursive: true, mode: 0o700 });
  const into = await mkdtemp(join(volatileDir, "manifest-"));
  try {
    await engine.restore({ pointId: id, paths: [`${DUMPS}/${CONTENT_FILES.manifest}`], into, signal });
    return await readManifest(join(into, DUMPS), keys);
  } catch (error) {
    // The older system wrote no manifest, and with duplicity alone.
    if (kind === "duplicity" && isSystemError(error, "BACKUP_PATH_NOT_FOUND")) return null;
    throw error;
  } finally {
    await rm(into, { recursive: true, force: true });
  }
}
