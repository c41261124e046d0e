import { join } from "node:path";
import { CONTENT_FILES, deriveKeys, readManifest } from "@appliance/backup-content";
import { newestPoint, type BackupEngine } from "@appliance/backup-engine";
import type { RunCommand } from "@appliance/command";
import { withoutLogin } from "@appliance/env/url-credentials";
import { OperatorError, toFailure, type Failure } from "@appliance/errors";
import type { BackupPoint } from "@appliance/jobs";
import { DUMPS } from "../contents.ts";
import { toBackupPoint } from "../reading/points.ts";
import type { BackupAgentSlice, TargetSettings } from "../slice.ts";
import { createTargets, type Mounts, type Targets } from "../targets/targets.ts";
import { createTurns } from "../targets/turns.ts";

const MANIFEST = `${DUMPS}/${CONTENT_FILES.manifest}`;

/** What an env.yml opens at one target. */
export interface TargetProof {
  target: string;
  /** Without user and password. */
  url: string;
  engine: string;
  /** The key or password of env.yml reads what is stored there. */
  opens: boolean;
  /** The newest backup; null where there is none, or it could not be asked for. */
  point: BackupPoint | null;
  /** Whether the newest backup was made with this very env.yml; `unknown` where it does not say. */
  env: "same" | "different" | "unknown";
  failure: Failure | null;
  seconds: number;
}

export interface Proof {
  /** Of env.yml, as it stands in manifests. */
  fingerprint: string;
  targets: TargetProof[];
}

export interface ProveDeps {
  run: RunCommand;
  now: () => Date;
  mounts: Mounts;
  /** Private; keys lie there meanwhile, so that it is in memory. Its path is short: sockets lie below it. */
  folder: string;
}

/**
 * Whether an env.yml opens the backups and is the one that they were made with: of each target the newest manifest is restored, and its seal
 * and its fingerprint of env.yml are compared. Nothing is written there.
 */
export async function prove(slice: BackupAgentSlice, deps: ProveDeps, signal: AbortSignal): Promise<Proof> {
  const { run, now, mounts, folder } = deps;
  const at = (name: string) => join(folder, name);
  const targets = createTargets({
    slice: async () => slice,
    run,
    mounts,
    turns: createTurns(),
    now,
    scratchDir: at("scratch"),
    volatileDir: at("cache"),
  });
  const one = (target: TargetSettings) => proveTarget(target, slice, { targets, into: at("manifests"), now }, signal);
  return { fingerprint: slice.envFingerprint, targets: await Promise.all(slice.targets.map(one)) };
}

type Finding = Pick<TargetProof, "opens" | "point" | "env" | "failure">;

interface Place {
  targets: Targets;
  /** Manifests are restored below it. */
  into: string;
  now: () => Date;
}

async function proveTarget(
  target: TargetSettings,
  slice: BackupAgentSlice,
  { targets, into, now }: Place,
  signal: AbortSignal,
): Promise<TargetProof> {
  const startedAt = performance.now();
  const folder = join(into, target.name);
  const finding = await targets
    .use(target, (engine) => look(engine, slice, { folder, now: now() }, signal), signal)
    .catch((err: unknown): Finding => {
      const failure = toFailure(target.mount === null ? err : notMounted(target, err));
      return { ...NOTHING, failure };
    });
  const { name, url, engine } = target;
  const seconds = (performance.now() - startedAt) / 1000;
  return { target: name, url: withoutLogin(url), engine, ...finding, seconds };
}

const NOTHING = { opens: false, point: null, env: "unknown" } as const;

/** Restores the manifest of the newest backup, which is a small file, and looks into it. */
async function look(
  engine: BackupEngine,
  slice: BackupAgentSlice,
  { folder, now }: { folder: string; now: Date },
  signal: AbortSignal,
): Promise<Finding> {
  const newest = newestPoint(await engine.list({ signal }), now);
  if (!newest) return { ...NOTHING, failure: toFailure(nothingThere()) };
  const opened = { opens: true, point: toBackupPoint(newest) };
  try {
    await engine.restore({ pointId: newest.id, paths: [MANIFEST], into: folder, signal });
    const { env } = await readManifest(join(folder, DUMPS), deriveKeys(...slice.sealSecrets));
    return { ...opened, env: env === slice.envFingerprint ? "same" : "different", failure: null };
  } catch (err) {
    if (!(err instanceof OperatorError)) throw err;
    // Backups of the older system have no manifest; their list alone was encrypted.
    if (err.code === "BACKUP_PATH_NOT_FOUND") return { ...opened, env: "unknown", failure: null };
    return { ...opened, opens: err.code.startsWith("MANIFEST_"), env: "unknown", failure: toFailure(err) };
  }
}

function nothingThere(): OperatorError {
  return new OperatorError("BACKUP_NOT_FOUND", "There is no backup that it could open.", {
    remedy: "Check the address of the target, or start the first backup with `appliance backup run`.",
  });
}

/** Only the appliance has the power to mount, and only in its own runs. */
function notMounted({ name, mount }: TargetSettings, err: unknown): unknown {
  if (!(err instanceof OperatorError)) return err;
  return new OperatorError(err.code, `${err.message} The target ${name} is a folder that ${mount} mounts.`, {
    remedy: "Mount it by hand where that setting says (mount -t TYPE -o OPTIONS SOURCE TARGET), then try again.",
    cause: err,
  });
}
