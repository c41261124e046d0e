import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BackupEngine, EngineDependencies } from "../engine.ts";
import { createRecent } from "../recent.ts";
import { removeSshFiles, writeSshFiles } from "../ssh.ts";
import { parseTarget, type Target } from "../target.ts";
import { backUp } from "./backup.ts";
import type { ResticContext } from "./context.ts";
import { locate } from "./location.ts";
import { openJournal, unlock } from "./locks.ts";
import { prune, type ResticPolicy } from "./prune.ts";
import { listPoints } from "./points.ts";
import { listFiles, restore } from "./restore.ts";
import { check, usage, verifyData } from "./verify.ts";

export type { ResticPolicy } from "./prune.ts";

export interface ResticSettings {
  target: Target;
  /** Of the repository. */
  password: string;
  policy?: ResticPolicy;
}

const DEFAULT_POLICY: ResticPolicy = { daily: 14, weekly: 8, monthly: 12 };

/**
 * The engine of new env.yml files: restic, which keeps each piece of data once. `close` it after use.
 * @throws OperatorError `BACKUP_TARGET_INVALID`, before the target is asked.
 */
export async function openResticEngine(
  { target, password, policy = DEFAULT_POLICY }: ResticSettings,
  { run, scratch, archive, now, stallMs, hostName, ...given }: EngineDependencies & { hostName: string },
): Promise<BackupEngine> {
  const url = parseTarget(target);
  for (const folder of [join(scratch, "home"), join(archive, "cache")])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const ssh = await writeSshFiles(scratch, target);
  const passwordFile = join(scratch, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  const location = await locate(run, target, url, ssh);
  const temporary = given.temporary ?? scratch;
  return createEngine(
    {
      run,
      now,
      target,
      url,
      location,
      passwordFile,
      scratch,
      temporary,
      archive,
      hostName,
      stallMs,
      recent: createRecent(),
    },
    policy,
  );
}

function createEngine(context: ResticContext, policy: ResticPolicy): BackupEngine {
  const journal = openJournal(context.archive);
  return {
    backup: (source, options = {}) => backUp(context, source, options),
    list: (options = {}) => listPoints(context, options),
    files: (pointId, onFile, options = {}) => listFiles(context, pointId, onFile, options),
    restore: (options) => restore(context, options),
    check: (options = {}) => check(context, options),
    verifyData: (options = {}) => verifyData(context, journal, options),
    prune: (options = {}) => prune(context, policy, options),
    unlock: (options = {}) => unlock(context, options),
    usage: (options = {}) => usage(context, options),
    async close() {
      await rm(context.passwordFile, { force: true });
      await removeSshFiles(context.scratch);
    },
  };
}
