import type { RunCommand } from "@appliance/command";
import { createEnter } from "./nsenter.ts";
import { OBSERVE_MS, type HostPower } from "./power.ts";

/** -C as well: the cgroups of process 1 are named as its own cgroup namespace sees them. */
const NAMESPACES = ["-m", "-u", "-i", "-n", "-p", "-C"];

/**
 * Leaves the cgroups of this container for those of process 1, in each hierarchy, and becomes the program. Else the container's
 * memory limit would bind apt, its device rules a mount, and its end would end work that is to outlast it. The text is fixed,
 * what varies are its arguments, which no shell reads.
 */
const JOIN_PROCESS_1 = `while IFS=: read -r _ controllers path; do
  for folder in "/sys/fs/cgroup/\${controllers#name=}$path" "/sys/fs/cgroup/unified$path"; do
    [ -f "$folder/cgroup.procs" ] || continue
    echo 0 > "$folder/cgroup.procs" || echo "appliance: stays in its cgroup of $folder" >&2
    break
  done
done < /proc/1/cgroup
exec "$@"`;

const joining = (command: readonly string[]) => ["/bin/sh", "-c", JOIN_PROCESS_1, "appliance", ...command];

/**
 * A host without systemd: its namespaces are entered with the capabilities that compose gave this container. Beyond those of a
 * systemd host, apt needs FSETID SETUID SETGID SETFCAP KILL MKNOD, and a reboot SYS_BOOT; daemons that a package starts keep no
 * more than these.
 */
export function createPlainPower({ run }: { run: RunCommand }): HostPower {
  const enter = createEnter(run, NAMESPACES);
  return {
    observe: (program, args, options = {}) => enter([program, ...args], { timeoutMs: OBSERVE_MS, ...options }),
    run: (_verb, program, args, options) => enter(joining([program, ...args]), options),
    start: async (_verb, _id, program, args) => {
      await enter(joining(["setsid", "--fork", program, ...args]), { timeoutMs: OBSERVE_MS });
    },
  };
}
