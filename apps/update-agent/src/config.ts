import { isAbsolute, join } from "node:path";
import * as z from "zod";

/** Compose's own rule for the name of a project. */
const projectName = z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, "is no compose project name");
const absolutePath = z.string().refine(isAbsolute, "is no absolute path");

/** What this agent is told beside what all agents are. */
export const Variables = z.object({
  /** The checkout as this process sees it. */
  APPLIANCE_CHECKOUT: absolutePath.default("/checkout"),
  /** Compose's COMPOSE_FILE: names in the checkout's folder `compose`, each overriding those before it. */
  CORE_COMPOSE_FILES: z.string().min(1).default("compose.yml"),
  /** The compose project that this agent is part of. */
  CORE_PROJECT: projectName.default("appliance"),
  APPLICATION_PROJECT: projectName.default("ecs"),
  /** The tag of the appliance's images. */
  APPLIANCE_VERSION: z
    .string()
    .regex(/^\w[\w.-]*$/, "is no image tag")
    .default("dev"),
  DOCKER_SOCKET: absolutePath.default("/var/run/docker.sock"),
  /** For lock files and other files to lose; every process of this agent has to see the same folder. */
  WORK_DIR: absolutePath.default("/tmp"),
});

export interface Config {
  checkout: string;
  /** In the order in which they override each other. */
  coreFiles: readonly string[];
  coreProject: string;
  applicationProject: string;
  version: string;
  dockerSocket: string;
  workDir: string;
}

/** Variables that were checked, as the rest of the agent wants them. */
export function toConfig(variables: z.output<typeof Variables>): Config {
  const checkout = variables.APPLIANCE_CHECKOUT;
  return {
    checkout,
    coreFiles: variables.CORE_COMPOSE_FILES.split(":").map((file) => join(checkout, "compose", file)),
    coreProject: variables.CORE_PROJECT,
    applicationProject: variables.APPLICATION_PROJECT,
    version: variables.APPLIANCE_VERSION,
    dockerSocket: variables.DOCKER_SOCKET,
    workDir: variables.WORK_DIR,
  };
}
