import { suggest } from "@appliance/errors";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

const USUAL_TYPES = ["cifs", "smb3", "nfs", "nfs4", "ext4", "xfs", "btrfs", "9p", "virtiofs", "glusterfs", "ceph"];

/** A file system type of mount(8). */
export function checkMountType(type: string, place: Place): void {
  if (!/^[a-z0-9][a-z0-9_.-]{0,31}$/.test(type)) return place.error(`${quote(type)} is no type of a file system`);
  const meant = USUAL_TYPES.includes(type) ? undefined : suggest(type, USUAL_TYPES);
  if (meant) place.warning(`${quote(type)} is an unusual type`, { suggestion: meant });
}

const SYSTEM = ["bin", "boot", "dev", "etc", "lib", "proc", "run", "sbin", "sys", "usr"];

/** Below a folder of the host that may be covered: mounted over /etc or /data, the host would be lost. */
export function checkMountTarget(target: string, place: Place): void {
  const [root, top = "", ...below] = target.split("/");
  if (root !== "" || [top, ...below].some((name) => name === "" || name === "." || name === ".."))
    return place.error(`${quote(target)} must be an absolute path without '//', '.', '..' and '/' at the end`);
  if (below.length === 0 || SYSTEM.includes(top))
    place.error(`${quote(target)} would hide a folder of the system; take one such as /mnt/appliance-backup`);
}

interface Mount {
  type: string;
  source: string;
}

/** `//server/share` for Windows shares, `server:/path` for NFS. */
export function checkMountSource({ type, source }: Mount, place: Place): void {
  const at = place.at("source");
  if (source.startsWith("-")) return at.error(`${quote(source)} must not begin with '-'`);
  if (/^(?:cifs|smb3)$/.test(type) && !/^\/\/[^/]+\/./.test(source))
    return at.error(`${quote(source)} must be a Windows share, as in //server/share`);
  if (/^nfs4?$/.test(type) && !/^(?:\[[0-9a-f:.]+\]|[^:/]+):\//i.test(source))
    at.error(`${quote(source)} must be an NFS folder, as in server:/path`);
}

/** The options as a whole, and each password in them, since mount(8) prints options in its own order. */
export function mountSecrets(options: string): string[] {
  const passwords = [...options.matchAll(/(?:^|,)\s*(?:pass|password|password2)=([^,]+)/gi)];
  return [options, ...passwords.map(([, password]) => password ?? "")];
}
