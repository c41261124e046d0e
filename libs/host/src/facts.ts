import { lstat, readFile, readlink } from "node:fs/promises";
import { cpus, hostname, totalmem } from "node:os";
import { isSystemError } from "@appliance/errors";
import { resolveInRoot } from "@appliance/files";
import type { HostFacts } from "./host.ts";
import { isMissing, readInRoot } from "./read-in-root.ts";

const MEBIBYTE = 1024 * 1024;

/** Facts of the machine, and of the host whose files are below `root`. */
export async function readFacts(root: string, runningName = async () => hostname()): Promise<HostFacts> {
  const runningHostname = await runningName(); // first: it says clearest why a host cannot be reached
  return {
    memoryMb: Math.floor(totalmem() / MEBIBYTE),
    cores: cpus().length,
    timeZone: await timeZoneOf(root),
    os: parseOsRelease((await readInRoot(root, "/etc/os-release")) ?? ""),
    bootId: (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
    hostname: runningHostname,
    systemd: await runsSystemd(root),
  };
}

/** sd_booted(3): systemd is process 1 when this folder exists. */
export async function runsSystemd(root: string): Promise<boolean> {
  try {
    return (await lstat(await resolveInRoot(root, "/run/systemd/system"))).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Where /etc/localtime points to below zoneinfo; some systems copy the file instead and name the zone in /etc/timezone. */
async function timeZoneOf(root: string): Promise<string> {
  const link = await readlinkIfAny(`${root}/etc/localtime`);
  const linked = /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(link ?? "")?.[1];
  const named = linked ?? (await readInRoot(root, "/etc/timezone"))?.trim();
  return named !== undefined && isTimeZone(named) ? named : "UTC";
}

async function readlinkIfAny(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "EINVAL", "ENOTDIR")) return undefined;
    throw error;
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

function parseOsRelease(text: string): HostFacts["os"] {
  const fieldOf = (name: string) => new RegExp(`^${name}=["']?([^"'\\n]*)`, "m").exec(text)?.[1];
  const id = fieldOf("ID");
  return id === undefined ? undefined : { id, version: fieldOf("VERSION_ID") ?? "" };
}
