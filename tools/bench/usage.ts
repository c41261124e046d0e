import { readFileSync } from "node:fs";
import { isSystemError } from "@appliance/errors";

const CGROUPS = "/sys/fs/cgroup";
/** USER_HZ, which the kernel fixed for all programs. */
const TICKS_A_SECOND = 100;

export interface Memory {
  /** Not backed by a file; what forked processes still share is counted once. MB of 2^20 bytes. */
  anonymousMb: number;
  /** With its share of what it has in common with others. */
  pssMb: number;
}

/** @see proc_pid_smaps(5) */
export function memoryOf(pids: readonly number[]): Memory {
  const rollups = pids.map((pid) => readIfRunning(pid, "smaps_rollup")).filter((text) => text !== undefined);
  const total = (name: string) => sum(rollups.map((rollup) => field(rollup, name)));
  return { anonymousMb: total("Pss_Anon"), pssMb: total("Pss") };
}

function field(rollup: string, name: string): number {
  const kilobytes = new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(rollup)?.[1];
  if (kilobytes === undefined) throw new Error(`no ${name} in smaps_rollup`);
  return Number(kilobytes) / 1024;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** CPU seconds of a process so far, its threads among them; undefined when it ended. @see proc_pid_stat(5), fields 14 and 15 */
export function cpuSecondsOf(pid: number): number | undefined {
  const stat = readIfRunning(pid, "stat");
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

function readIfRunning(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}

/** CPU seconds of a container so far, with all that ever ran in it: its health checks too. @param pid one of its processes */
export function cpuSecondsOfContainer(pid: number): number {
  const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
  const [, controllers, own] = /^\d+:((?:[^:\n]*,)?cpuacct(?:,[^:\n]*)?):(.*)$/m.exec(groups) ?? [];
  if (own) return Number(readFileSync(`${CGROUPS}/${controllers}${own}/cpuacct.usage`, "utf8")) / 1e9;
  const unified = /^0::(.*)$/m.exec(groups)?.[1] ?? "";
  const [, microseconds] = /^usage_usec (\d+)$/m.exec(readFileSync(`${CGROUPS}${unified}/cpu.stat`, "utf8")) ?? [];
  return Number(microseconds) / 1e6;
}
