import { resolve } from "node:path";
import { formatBytes, formatCount } from "../amounts.ts";
import { createBackupProgress } from "../backup-progress.ts";
import { RestoreResult } from "../backup-shapes.ts";
import { parseAt } from "../backup-time.ts";
import type { Context } from "../context.ts";
import { followJob } from "../follow-job.ts";
import { moveFile, moveFolder, requireEmptyFolder, requireFreePath } from "../restored-files.ts";
import { formatTime } from "../terminal.ts";

type RestoreContext = Pick<Context, "backupAgent" | "installation" | "terminal">;

interface ChoiceOptions {
  at?: string;
  target?: string;
  json: boolean;
}

const DUMP = "ecs-pgdump/ecs.pgdump.gz";

/** `appliance backup restore`: paths of a backup into a folder of the host, with owners and rights. Nothing there is overwritten. */
export async function restoreFromBackup(
  paths: readonly string[],
  { to, ...options }: ChoiceOptions & { to: string },
  context: RestoreContext,
): Promise<void> {
  const folder = resolve(to);
  await requireEmptyFolder(folder);
  const restored = await restore(paths, options, context);
  await moveFolder(hostPath(restored, context), folder);
  tell(restored, folder, options.json, context);
}

/** `appliance backup latest-dump`: the database dump of a backup as a file. */
export async function latestDump(file: string, options: ChoiceOptions, context: RestoreContext): Promise<void> {
  const path = resolve(file);
  await requireFreePath(path);
  const restored = await restore([DUMP], options, context);
  await moveFile(hostPath(restored, context), DUMP, path);
  tell(restored, path, options.json, context);
}

async function restore(
  paths: readonly string[],
  { at, target }: ChoiceOptions,
  { backupAgent, terminal }: RestoreContext,
): Promise<RestoreResult> {
  const instant = at === undefined ? null : parseAt(at).toISOString();
  const data = { requestedBy: "cli", paths, at: instant, target: target ?? null };
  const request = { queue: "backup", name: "backup.restore", data };
  return RestoreResult.parse(await followJob(backupAgent, request, terminal.say, createBackupProgress()));
}

const hostPath = ({ folder }: RestoreResult, { installation: { root } }: RestoreContext) => `${root}${folder}`;

function tell(restored: RestoreResult, to: string, json: boolean, { terminal }: RestoreContext): void {
  const { target, point, files, bytes } = restored;
  if (json) terminal.json({ target, point, files, bytes, to });
  else
    terminal.print(
      `${to}: ${formatBytes(bytes)} in ${formatCount(files, "file")}, from the backup of ${formatTime(point.at)} at ${target}`,
    );
}
