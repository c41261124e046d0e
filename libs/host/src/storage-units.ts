import type { KeptMount } from "./host.ts";

/** The first line of every unit that the appliance wrote. */
export const UNIT_HEAD =
  "# Written by the appliance, which restores it. To mount it in another way, give it a line in /etc/fstab.";

/** The name that systemd demands of the unit of a path: systemd.unit(5), "String escaping for inclusion in unit names". */
export function unitOf(path: string, kind: "mount" | "swap"): string {
  const escaped = path
    .replace(/^\/+|\/+$/g, "")
    .replaceAll(/[^A-Za-z0-9:_./]|^\./g, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`)
    .replaceAll("/", "-");
  return `${escaped}.${kind}`;
}

/**
 * `nofail`: without the disk the host boots nevertheless, so that it can be reached. systemd waits for the device and asks fsck
 * before it mounts; a host without udev has no such unit, which is no reason not to mount.
 */
export function renderMountUnit({ device, target, type, options = [] }: KeptMount): string {
  const check = `systemd-fsck@${unitOf(device, "mount").replace(/\.mount$/, "")}.service`;
  return `${UNIT_HEAD}
[Unit]
Description=${target} of the appliance
Wants=${unitText(check)}
After=${unitText(check)}

[Mount]
What=${unitText(device)}
Where=${unitText(target)}
${type === undefined ? "" : `Type=${type}\n`}Options=${[...new Set([...options, "nofail"])].map(unitText).join(",")}

[Install]
WantedBy=local-fs.target
`;
}

export function renderSwapUnit(device: string): string {
  return `${UNIT_HEAD}
[Unit]
Description=swap on ${unitText(device)}

[Swap]
What=${unitText(device)}
Options=nofail

[Install]
WantedBy=swap.target
`;
}

/** In the text of a unit % begins a specifier. */
const unitText = (text: string) => text.replaceAll("%", "%%");
