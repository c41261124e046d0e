import type { HostName } from "./host.ts";
import { replaceInRoot } from "./files.ts";
import type { HostPower } from "./power.ts";
import { readInRoot } from "./read-in-root.ts";
import { assertHostname } from "./refuse.ts";

const COMMAND_MS = 30_000;
const PUBLIC_FILE = { mode: 0o644, uid: 0, gid: 0 };

/** The name of the host: what the kernel says now, /etc/hostname for the next boot, /etc/hosts so that it resolves. */
export function createHostName(power: HostPower, root: string): HostName {
  const observe = async () => (await power.observe("uname", ["-n"])).stdout.trim();
  return {
    observe,
    async set(name) {
      assertHostname(name);
      const hosts = planHosts((await readInRoot(root, "/etc/hosts")) ?? "", name);
      const namedFile = await replaceInRoot(root, "/etc/hostname", `${name}\n`, PUBLIC_FILE);
      const resolves = await replaceInRoot(root, "/etc/hosts", hosts, PUBLIC_FILE);
      if ((await observe()) === name) return namedFile || resolves;
      await power.run("hostname", "hostname", [name], { timeoutMs: COMMAND_MS });
      return true;
    },
  };
}

/** Debian's convention: 127.0.1.1 is the host's own name, full and short. All other lines stay. */
export function planHosts(text: string, name: string): string {
  const short = name.split(".")[0] ?? name;
  const own = `127.0.1.1\t${short === name ? name : `${name} ${short}`}`;
  const lines = text.split("\n").filter((line, i, all) => line !== "" || i < all.length - 1);
  const at = lines.findIndex((line) => /^127\.0\.1\.1\s/.test(line));
  if (at >= 0) lines[at] = own;
  else lines.push(own);
  return `${lines.join("\n")}\n`;
}
