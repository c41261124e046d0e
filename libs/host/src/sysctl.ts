import { CommandError } from "@appliance/command";
import { replaceInRoot } from "./files.ts";
import type { HostSysctl } from "./host.ts";
import type { HostPower } from "./power.ts";
import { readInRoot } from "./read-in-root.ts";
import { refuseArgument } from "./refuse.ts";

const COMMAND_MS = 30_000;
const KEY = /^[a-z0-9_]+(?:[./][A-Za-z0-9_-]+)+$/;

/** Settings of the host's kernel, through sysctl(8) in the host's namespaces: those of the network differ in each. */
export function createHostSysctl(power: HostPower, root: string): HostSysctl {
  const observe = async (key: string) => {
    assertKey(key);
    const now = await valueOf(power, key);
    const text = await readInRoot(root, fileOf(key));
    const atBoot = /=(.*)/.exec(text ?? "")?.[1];
    return now === undefined ? undefined : { now, atBoot: atBoot === undefined ? undefined : normal(atBoot) };
  };
  return {
    observe,
    async set(key, value) {
      assertKey(key);
      if (/[\0\n]/.test(value)) throw refuseArgument(`the value of ${key} has several lines`, "Write one line.");
      const written = await replaceInRoot(root, fileOf(key), `${key} = ${value}\n`, { mode: 0o644, uid: 0, gid: 0 });
      if ((await observe(key))?.now === normal(value)) return written;
      // By its file: a value is never an argument.
      await power.run("sysctl", "sysctl", ["--quiet", `--load=${fileOf(key)}`], { timeoutMs: COMMAND_MS });
      return true;
    },
  };
}

async function valueOf(power: HostPower, key: string): Promise<string | undefined> {
  try {
    return normal((await power.observe("sysctl", ["--values", "--", key])).stdout);
  } catch (error) {
    if (error instanceof CommandError && error.exitCode !== null) return undefined;
    throw error;
  }
}

/** Read after Debian's own files, before what an operator would call 99. */
const fileOf = (key: string) => `/etc/sysctl.d/90-appliance-${key.replaceAll("/", ".")}.conf`;

const normal = (value: string) => value.trim().replaceAll(/\s+/g, " ");

function assertKey(key: string) {
  if (!KEY.test(key))
    throw refuseArgument(`'${key}' is not a setting of the kernel`, "Name it as in net.ipv4.ip_forward.");
}
