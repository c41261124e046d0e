import type { runCommand } from "@appliance/command";
import { createPlainHost, createRootFolderHost, createSystemdHost, type Host } from "@appliance/host";
import type { Config } from "./config.ts";

/** The host as far as this agent has power over it. */
export function createHost(powers: Config["HOST_POWERS"], root: string, run: typeof runCommand): Host {
  if (powers === "systemd") return createSystemdHost({ run, root });
  if (powers === "plain") return createPlainHost({ run, root });
  return createRootFolderHost({ root });
}
