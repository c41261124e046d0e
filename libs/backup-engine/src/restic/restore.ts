import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import type { Amount, Cancellable, RestoreOptions, StoredFile } from "../engine.ts";
import { failure, someOf } from "../failures.ts";
import { requireEmpty } from "../require-empty.ts";
import { createMovementSensor } from "./movement.ts";
import type { ResticContext } from "./context.ts";
import { parseLine } from "../json-line.ts";
import { Node, RestoreSummary, Status } from "./messages.ts";
import { readPoints } from "./points.ts";
import { callRestic } from "./program.ts";

const TYPES: Readonly<Record<string, StoredFile["type"]>> = { file: "file", dir: "folder", symlink: "link" };

export async function listFiles(
  context: ResticContext,
  pointId: string,
  onFile: (file: StoredFile) => void,
  options: Cancellable,
): Promise<void> {
  const onOutput = (line: string) => {
    const node = parseLine(Node, line);
    if (!node) return;
    const type = TYPES[node.type] ?? "other";
    onFile({ path: node.path.replace(/^\//, ""), type, size: node.size, modifiedAt: new Date(node.mtime) });
  };
  await callRestic(context, ["ls", "--json", "--no-lock", pointId], { ...options, onOutput });
}

/** Restores a point, or paths of it; restic reads back what it wrote and compares. */
export async function restore(
  context: ResticContext,
  { pointId, paths, into, onProgress, signal }: RestoreOptions,
): Promise<Amount> {
  await requireEmpty(into);
  const options: Cancellable = signal ? { signal } : {};
  const { points, isWhole } = await readPoints(context, options);
  // What is the last of those that can be read may not be the last.
  if (pointId === undefined && !isWhole)
    throw failure("BACKUP_MANIFEST_DAMAGED", context.url.label, "its list of points");
  const point = pointId === undefined ? points.at(-1) : points.find(({ id }) => id === pointId);
  if (!point) throw failure("BACKUP_NOT_FOUND", context.url.label, pointId ?? "it is empty");
  await mkdir(into, { recursive: true });
  const included = (paths ?? []).flatMap((path) => ["--include", `/${literally(path)}`]);
  let restored: Amount = { files: 0, bytes: 0 };
  const args = ["restore", "--json", "--verify", "--no-lock", point.id, "--target", into, ...included];
  await callRestic(context, args, {
    ...options,
    isAlive: createMovementSensor(),
    onOutput: (line) => {
      const message = parseLine(Status, line) ?? parseLine(RestoreSummary, line);
      if (!message) return;
      restored = { files: message.files_restored ?? 0, bytes: message.bytes_restored ?? 0 };
      onProgress?.(restored);
    },
  });
  await requirePaths(context, into, paths ?? []);
  return restored;
}

/** In a pattern of restic, a backslash makes the next character an ordinary one. */
const literally = (path: string) => path.replace(/[\\*?[\]]/g, "\\$&");

/** restic ends with 0 when a path is in no snapshot, and restores nothing. */
async function requirePaths({ url }: ResticContext, into: string, paths: readonly string[]) {
  const missing: string[] = [];
  for (const path of paths) {
    await lstat(join(into, path)).catch((error: unknown) => {
      if (!isSystemError(error, "ENOENT", "ENOTDIR")) throw error;
      missing.push(path);
    });
  }
  if (missing.length > 0) throw failure("BACKUP_PATH_NOT_FOUND", url.label, someOf(missing));
}
