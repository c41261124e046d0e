import { OperatorError, toFailure } from "@appliance/errors";
import { formatBytes } from "../amounts.ts";
import { FilesHead, PointsAnswer, StoredFile, TargetNames } from "../backup-shapes.ts";
import { parseAt } from "../backup-time.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { table } from "../table.ts";
import { formatFailure, formatTime } from "../terminal.ts";

type BackupContext = Pick<Context, "backupAgent" | "terminal">;

type Listed = PointsAnswer | { target: string; failure: ReturnType<typeof toFailure> };

/** `appliance backup list`: what can be restored from each target. Exit code 1 where a target does not answer. */
export async function listBackups(
  { target, json }: { target?: string; json: boolean },
  { backupAgent, terminal }: BackupContext,
): Promise<number> {
  const names = target === undefined ? await targetNames(backupAgent) : [target];
  const listed = await Promise.all(names.map((name) => listOne(name, backupAgent)));
  if (json) terminal.json({ targets: listed });
  else terminal.print(listed.flatMap(describe).join("\n"));
  return listed.some((one) => "failure" in one) ? EXIT.failed : EXIT.ok;
}

async function targetNames(backupAgent: Context["backupAgent"]): Promise<string[]> {
  const { targets } = TargetNames.parse(await backupAgent.get("/backup/status"));
  return targets.map(({ name }) => name);
}

/** One target that does not answer hides no other. */
async function listOne(target: string, backupAgent: Context["backupAgent"]): Promise<Listed> {
  try {
    return PointsAnswer.parse(
      await backupAgent.getSlowly(`/backup/points?${new URLSearchParams({ target }).toString()}`),
    );
  } catch (err) {
    if (!(err instanceof OperatorError)) throw err;
    return { target, failure: toFailure(err) };
  }
}

function describe(listed: Listed): string[] {
  if ("failure" in listed) return [`${listed.target}:`, formatFailure(listed.failure)];
  if (listed.points.length === 0) return [`${listed.target}: no backup`];
  return [`${listed.target}:`, ...table(listed.points.map(({ at, kind, id }) => [`  ${formatTime(at)}`, kind, id]))];
}

interface ShowOptions {
  at?: string;
  target?: string;
  json: boolean;
}

/** `appliance backup show`: the files of a backup, as they come, however many there are. */
export async function showBackup(
  path: string | undefined,
  { at, target, json }: ShowOptions,
  { backupAgent, terminal }: BackupContext,
): Promise<void> {
  const query = new URLSearchParams({
    ...(at === undefined ? {} : { at: parseAt(at).toISOString() }),
    ...(target === undefined ? {} : { target }),
    ...(path === undefined ? {} : { below: path.replace(/^\/data\/+/, "").replace(/\/+$/, "") }),
  });
  let files = 0;
  for await (const line of backupAgent.lines(`/backup/files?${query.toString()}`)) {
    const head = FilesHead.safeParse(line).data;
    if (json) terminal.print(JSON.stringify(line));
    else if (head) terminal.say(`The backup of ${formatTime(head.point.at)} at ${head.target}`);
    else terminal.print(describeFile(StoredFile.parse(line)));
    if (!head) files++;
  }
  if (files === 0) throw nothingThere(path);
}

const MARK = { file: "", folder: "/", link: "@", other: "=" };

/** Marks as of `ls -F`. */
function describeFile({ path, type, size, modifiedAt }: StoredFile): string {
  const bytes = type === "file" && size !== undefined ? formatBytes(size) : "";
  return `${formatTime(modifiedAt)}  ${bytes.padStart(9)}  ${path.replace(CONTROL, escaped)}${MARK[type]}`;
}

/** What would do something to the terminal; a name of a file may hold it. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;
const escaped = (char: string) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;

function nothingThere(path: string | undefined): OperatorError {
  return new OperatorError("BACKUP_PATH_NOT_FOUND", `The backup holds nothing at ${path ?? "all"}.`, {
    remedy: "List the folder above it with `appliance backup show`.",
  });
}
