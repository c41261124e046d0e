import { hostname } from "node:os";
import type { Project } from "@appliance/jobs";
import { applicationGroup, coreGroup, type ComposeGroup } from "./compose-group.ts";
import type { Config } from "./config.ts";
import type { Docker } from "./docker.ts";
import { readSlice, secretsIn } from "./slice.ts";

export interface Groups {
  /** A project as the slice describes it at this moment. */
  open(project: Project): Promise<ComposeGroup>;
  /** The compose project's name, which needs no slice. */
  nameOf(project: Project): string;
  /** What may appear in no text of a project: the values of its environment; none before the first slice. */
  secretsOf(project: Project): Promise<string[]>;
}

export function createGroups(config: Config & { sliceDir: string }, docker: Docker): Groups {
  let known: string | undefined;
  const hostCheckout = async () => (known ??= await locateCheckout(config.checkout, docker));
  const open = async (project: Project) => {
    const slice = await readSlice(config.sliceDir);
    const from = await hostCheckout();
    return project === "core" ? coreGroup(config, slice, from) : applicationGroup(config, slice, from);
  };
  return {
    open,
    nameOf: (project) => (project === "core" ? config.coreProject : config.applicationProject),
    secretsOf: async (project) => secretsIn(await readSlice(config.sliceDir).catch(() => undefined), project),
  };
}

/**
 * Where the checkout lies on the host: a container finds it among its own mounts, which the engine knows under the container's
 * host name, its id. Outside of a container both are the same.
 */
async function locateCheckout(checkout: string, docker: Docker): Promise<string> {
  return (await docker.mountSource(hostname(), checkout)) ?? checkout;
}
