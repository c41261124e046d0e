import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OperatorError } from "@appliance/errors";
import type { Project } from "@appliance/jobs";
import type { Config } from "./config.ts";
import type { Slice } from "./slice.ts";

/** Everything that a call of compose needs to know of one project. */
export interface ComposeGroup {
  project: Project;
  /** The compose project's name. */
  name: string;
  /** As this process sees them. */
  files: readonly string[];
  /** Read before the environment, which wins; as this process sees them. */
  envFiles: readonly string[];
  /** The folder on the host that relative paths of the files are relative to: the engine resolves binds there. */
  directory: string;
  /** Holds secrets. Compose reads it for the variables of the files and passes on what a service names. */
  environment: Readonly<Record<string, string>>;
}

/** Where things that this process sees elsewhere lie on the host. */
export interface HostPaths {
  checkout: string;
  /** The folder below which the appliance keeps everything, APPLIANCE_ROOT. */
  root: string;
}

/** The project that this agent is part of. */
export function coreGroup(config: Config, slice: Pick<Slice, "compose">, host: HostPaths): ComposeGroup {
  return {
    project: "core",
    name: config.coreProject,
    files: config.coreFiles,
    envFiles: envFiles(config, "core"),
    directory: join(host.checkout, "compose"),
    environment: slice.compose,
  };
}

/** @throws OperatorError `APPLICATION_NOT_CONFIGURED` in standby, `APPLICATION_UNKNOWN` when there is no such group. */
export function applicationGroup(config: Config, slice: Slice, host: HostPaths): ComposeGroup {
  if (!slice.application) throw notConfigured();
  const { composeFile, environment } = slice.application;
  const file = join(config.checkout, composeFile);
  if (!existsSync(file)) throw unknownApplication(composeFile);
  return {
    project: "application",
    name: config.applicationProject,
    files: [file],
    envFiles: envFiles(config, "application"),
    directory: dirname(join(host.checkout, composeFile)),
    environment,
  };
}

/**
 * Writes the variables of compose files that are no secrets: those of the environment count as secrets and are masked
 * wherever they appear. The application is given the root as an absolute path and the project whose networks it joins.
 */
export async function writeSettings(config: Config, host: HostPaths): Promise<void> {
  const version = `APPLIANCE_VERSION='${config.version}'\n`;
  const place = `APPLIANCE_ROOT='${host.root}'\nAPPLIANCE_PROJECT='${config.coreProject}'\n`;
  await writeFile(settingsFile(config, "core"), version);
  await writeFile(settingsFile(config, "application"), version + place);
}

const settingsFile = ({ workDir }: Config, project: Project): string => join(workDir, `${project}.env`);

/** Ours is read last and wins over what bootstrap wrote for this host, such as ports and subnets. */
function envFiles(config: Config, project: Project): string[] {
  const ofHost = join(config.checkout, "compose", ".env");
  return [...(existsSync(ofHost) ? [ofHost] : []), settingsFile(config, project)];
}

function notConfigured(): OperatorError {
  return new OperatorError(
    "APPLICATION_NOT_CONFIGURED",
    "There is no application to start: the appliance is in standby",
    {
      remedy: "Set `appliance:standby` to false in env.yml, then run `appliance apply`.",
    },
  );
}

function unknownApplication(composeFile: string): OperatorError {
  return new OperatorError("APPLICATION_UNKNOWN", `There is no application group ${composeFile} in this checkout`, {
    remedy: "Correct `ecs:git:source` in env.yml (`builtin:sample` always exists), then run `appliance apply`.",
  });
}
