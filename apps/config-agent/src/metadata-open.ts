import { connect } from "node:net";
import type { Host } from "@appliance/host";

/** The metadata service of nearly every cloud; its user-data may be env.yml with all secrets. */
const ADDRESS = { host: "169.254.169.254", port: 80 } as const;
const CONNECT_MS = 1_000;

/**
 * Whether containers reach the metadata service though this host could keep them from it. This agent is a container as well:
 * it tries, which takes no power, and looks at the firewall only where it got through.
 */
export async function isMetadataOpen({
  whyUnavailable,
  metadataBlock,
}: Pick<Host, "whyUnavailable" | "metadataBlock">) {
  if (whyUnavailable("metadataBlock") !== undefined) return false;
  if (!(await connects(ADDRESS, CONNECT_MS))) return false;
  const { blocked, unavailable } = await metadataBlock.observe();
  return !blocked && unavailable === undefined;
}

/** Whether a server takes a connection. */
export function connects(address: { host: string; port: number }, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(address);
  const end = (connected: boolean) => {
    socket.destroy();
    resolve(connected);
  };
  socket.once("connect", () => end(true)).once("error", () => end(false));
  socket.setTimeout(timeoutMs, () => end(false));
  return promise;
}
