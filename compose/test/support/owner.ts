import { readFileSync } from "node:fs";

const PREFIX = "faults";

/** A name for everything that this process makes. A process id alone may be given out again, so its start belongs to it. */
export function ownName(): string {
  return `${PREFIX}-${process.pid}-${startOf(process.pid)}`;
}

/** Whether something was named by a process that is over. */
export function isLeftover(name: string): boolean {
  const [, pid, start] = new RegExp(`^${PREFIX}-(\\d+)-(\\d+)`).exec(name) ?? [];
  return pid !== undefined && startOf(Number(pid)) !== start;
}

/** proc_pid_stat(5), field 22; the second field may hold spaces but ends with the last parenthesis. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
