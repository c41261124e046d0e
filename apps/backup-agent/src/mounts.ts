import { HostMount, HostUnmount, type Log, type Producer } from "@appliance/jobs";
import type { Mounts } from "./targets/targets.ts";

/** Mounts on the host, by the name of the setting that describes them: config-agent alone reads the value, and may mount. */
export function createMounts(producer: Pick<Producer, "request">, log: Log): Mounts {
  return {
    async attach(setting, signal) {
      await producer.request(HostMount, { setting }, { signal });
    },
    async detach(setting) {
      // What was done there is done; the next work finds it mounted and goes on.
      await producer
        .request(HostUnmount, { setting })
        .catch((err: unknown) => log.warn({ err, setting }, "the mount of a backup target stays attached"));
    },
  };
}
