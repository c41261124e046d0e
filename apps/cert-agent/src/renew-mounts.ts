import { ContainersRenewMounts, type Producer } from "@appliance/jobs";
import type { Problems } from "./problems.ts";
import type { ServedFolder } from "./publish/served-folder.ts";

/**
 * Has the containers of the application see a new certificate that mounted the file and not its folder: under both names that the
 * manual has for it (6.4). It is asked for until it was done, also after a time without a queue.
 */
export interface MountRenewal {
  /** Never fails: what is wrong becomes a problem, and it is asked for again with the next call. */
  run(signal: AbortSignal): Promise<void>;
}

const FILES = ["/data/etc", "/app/etc"].flatMap((folder) => [`${folder}/server.cert.pem`, `${folder}/server.key.pem`]);

export function createMountRenewal(deps: {
  served: ServedFolder;
  producer: Pick<Producer, "request" | "isConnected">;
  problems: Problems;
}): MountRenewal {
  const { served, producer, problems } = deps;

  async function ask(signal: AbortSignal): Promise<void> {
    const since = await served.staleSince();
    if (!since || !producer.isConnected()) return;
    const order = { project: "application", files: FILES, replacedAt: since.toISOString() } as const;
    await producer.request(ContainersRenewMounts, order, { signal, id: `renew-mounts-${since.getTime()}` });
    await served.renewed(since);
  }

  return {
    run: (signal) => problems.during("mounts", signal, () => ask(signal)).catch(() => {}), // it is a problem now
  };
}
