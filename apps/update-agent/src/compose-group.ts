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

/** Where the two projects come from. `hostCheckout` is the checkout's path on the host. */
export function coreGroup(config: Config, slice: Pick<Slice, "compose">, hostCheckout: string): ComposeGroup {
  return {
    project: "core",
    name: config.coreProject,
    files: config.coreFiles,
    envFiles: envFiles(config),
    directory: join(hostCheckout, "compose"),
    environment: slice.compose,
  };
}

/** @throws OperatorError `APPLICATION_NOT_CONFIGURED` in standby, `APPLICATION_UNKNOWN` when there is no such group. */
export function applicationGroup(config: Config, slice: Slice, hostCheckout: string): ComposeGroup {
  if (!slice.application) throw notConfigured();
  const { composeFile, environment } = slice.application;
  const file = join(config.checkout, composeFile);
  if (!existsSync(file)) throw unknownApplication(composeFile);
  return {
    project: "application",
    name: config.applicationProject,
    files: [file],
    envFiles: envFiles(config),
    directory: dirname(join(hostCheckout, composeFile)),
    environment,
  };
}

/**
 * Variables of compose files that are no secrets: those of the environment are, and are masked wherever they appear.
 * The application joins networks of the core, whose names begin with the core's project.
 */
export async function writeSettings(config: Config): Promise<void> {
  const settings = [`CORE_PROJECT=${config.coreProject}`, `APPLIANCE_VERSION=${config.version}`];
  await writeFile(settingsFile(config), `${settings.join("\n")}\n`);
}

const settingsFile = ({ workDir }: Config): string => join(workDir, "settings.env");

/** The last one wins: it is what bootstrap wrote for this host, such as its root folder and its ports. */
function envFiles(config: Config): string[] {
  return [settingsFile(config), join(config.checkout, "compose", ".env")].filter((file) => existsSync(file));
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
