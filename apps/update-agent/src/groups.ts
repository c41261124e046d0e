import { hostname } from "node:os";
import { join } from "node:path";
import type { Project } from "@appliance/jobs";
import { applicationGroup, coreGroup, writeSettings, type ComposeGroup, type HostPaths } from "./compose-group.ts";
import type { Config } from "./config.ts";
import type { Docker } from "./docker.ts";
import { readSlice, secretsIn } from "./slice.ts";

export interface Groups {
  /** A project as the slice describes it at this moment. */
  open(project: Project): Promise<ComposeGroup>;
  /** Where a path below the appliance's root lies on the host. */
  onHost(path: string): Promise<string>;
  /** The compose project's name, which needs no slice. */
  nameOf(project: Project): string;
  /** What may appear in no text of a project: the values of its environment; none before the first slice. */
  secretsOf(project: Project): Promise<string[]>;
}

export function createGroups(config: GroupsConfig, docker: Docker): Groups {
  let known: HostPaths | undefined;
  const host = async () => (known ??= await locate(config, docker));
  return {
    async open(project) {
      const slice = await readSlice(config.sliceDir);
      const paths = await host();
      await writeSettings(config, paths);
      return project === "core" ? coreGroup(config, slice, paths) : applicationGroup(config, slice, paths);
    },
    onHost: async (path) => join((await host()).root, path),
    nameOf: (project) => (project === "core" ? config.coreProject : config.applicationProject),
    secretsOf: async (project) => secretsIn(await readSlice(config.sliceDir).catch(() => undefined), project),
  };
}

type GroupsConfig = Config & { sliceDir: string };

/** Where every slice of this agent lies below the root. */
const SLICE_BELOW_ROOT = "/run/appliance/slices/update-agent";

/**
 * A container finds what lies where on the host among its own mounts; the engine knows it under its host name, which is its id.
 * Outside of a container the paths are the same, and the root is that of a plain checkout.
 */
async function locate({ checkout, sliceDir }: GroupsConfig, docker: Docker): Promise<HostPaths> {
  const onHost = (path: string) => docker.mountSource(hostname(), path);
  const [hostCheckout = checkout, hostSlice = ""] = await Promise.all([onHost(checkout), onHost(sliceDir)]);
  const isKnown = hostSlice.endsWith(SLICE_BELOW_ROOT);
  const root = isKnown ? hostSlice.slice(0, -SLICE_BELOW_ROOT.length) : join(hostCheckout, "appliance-root");
  return { checkout: hostCheckout, root: root || "/" };
}
