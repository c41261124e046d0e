import { constants } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ensureDirectory, resolveInRoot, withFlock, withFolderInRoot, writeFileDurable } from "@appliance/files";
import { OperatorError } from "@appliance/errors";
import type { TaskState, Verb } from "./host.ts";
import type { HostPower } from "./power.ts";
import { isMissing, readInRoot } from "./read-in-root.ts";
import { assertTaskId } from "./refuse.ts";

/** On the root file system: the result is there after a reboot and before /data is mounted. */
const TASKS = "/var/lib/appliance/host-tasks";

const OUTPUT_SHOWN = 64 * 1024;

/** Between the start of a task and its lock lie milliseconds; a host under load gets more. */
const BEGIN_MS = 20_000;

/**
 * Runs one piece of host work to its end, whoever asked for it, and leaves its exit code. The lock says that it is running, to
 * whoever looks at it from whichever container, and cannot outlive it; it waits for one a moment, since looking takes it too.
 * The text is fixed; arguments are read by no shell.
 */
const TASK_SCRIPT = `# Written by the appliance. Usage: sh task.sh FOLDER PROGRAM [ARGUMENT...]
umask 077
folder=$1
shift
exec >>"$folder/output" 2>&1 </dev/null 9>>"$folder/lock"
flock --timeout 10 9 || exit 0
[ -e "$folder/result" ] && exit 0
"$@" 9>&-
echo "$?" >"$folder/result.new"
sync "$folder/result.new"
mv "$folder/result.new" "$folder/result"
sync "$folder"
`;

export interface Tasks {
  /** Runs the fixed text `script` by /bin/sh with `args`, unless the task `id` runs or is done. */
  start(id: string, script: string, args: readonly string[]): Promise<void>;
  poll(id: string): Promise<TaskState>;
  forget(id: string): Promise<void>;
}

/** Work of one verb that outlives its asker. The record of each is a folder on the host. */
export function createTasks({ power, root, verb }: { power: HostPower; root: string; verb: Verb }): Tasks {
  const poll = (id: string) => {
    assertTaskId(id);
    return pollTask(root, `${TASKS}/${id}`);
  };
  return {
    poll,
    async start(id, script, args) {
      const { state } = await poll(id);
      if (state === "running" || state === "done") return;
      const folder = `${TASKS}/${id}`;
      await writeScripts(root, id, script);
      await power.start(verb, id, "/bin/sh", [`${folder}/task.sh`, folder, "/bin/sh", `${folder}/work.sh`, ...args]);
    },
    async forget(id) {
      const { state } = await poll(id);
      if (state === "absent") return;
      if (state === "running")
        throw new OperatorError("HOST_TASK_RUNNING", `host work ${id} is running`, {
          remedy: "Wait until it has ended.",
        });
      await withFolderInRoot(root, TASKS, { symlinks: [] }, (folder) =>
        rm(join(folder, id), { recursive: true, force: true }),
      );
    },
  };
}

async function writeScripts(root: string, id: string, script: string) {
  await withFolderInRoot(root, "/var/lib", { symlinks: [] }, async (folder) => {
    const task = join(folder, "appliance/host-tasks", id);
    await ensureDirectory(join(task, ".."), { mode: 0o700 });
    await ensureDirectory(task, { mode: 0o700 });
    await writeFileDurable(join(task, "work.sh"), script, { mode: 0o700 });
    await writeFileDurable(join(task, "task.sh"), TASK_SCRIPT, { mode: 0o700 });
  });
}

async function pollTask(root: string, folder: string): Promise<TaskState> {
  const startedMs = await modified(root, `${folder}/task.sh`);
  if (startedMs === undefined) return { state: "absent" };
  // The lock first: a task that ends in between is then seen as done.
  const running = await isLocked(root, `${folder}/lock`);
  const result = await readInRoot(root, `${folder}/result`);
  const output = await outputOf(root, `${folder}/output`);
  if (result !== undefined) return { state: "done", exitCode: Number(result), output };
  if (running || Date.now() - startedMs < BEGIN_MS) return { state: "running" };
  return { state: "interrupted", output };
}

async function modified(root: string, path: string): Promise<number | undefined> {
  try {
    return (await stat(await resolveInRoot(root, path))).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function isLocked(root: string, path: string): Promise<boolean> {
  try {
    await withFlock(await resolveInRoot(root, path), { waitMs: 0 }, async () => undefined);
    return false;
  } catch (error) {
    if (isMissing(error)) return false;
    if (error instanceof OperatorError && error.code === "LOCK_TAKEN") return true;
    throw error;
  }
}

async function outputOf(root: string, path: string): Promise<string> {
  try {
    const file = await open(await resolveInRoot(root, path), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - OUTPUT_SHOWN);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      return buffer.subarray(0, bytesRead).toString();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}
