import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { OperatorError, isSystemError } from "@appliance/errors";

/** The agents that the command talks to. */
export type Agent = "config-agent" | "update-agent" | "cert-agent" | "backup-agent";

/** Where the appliance lies that this command serves. */
export interface Installation {
  /** The checkout, with `compose/`. */
  checkout: string;
  /** The appliance's root; empty on a host, so that `${root}/run` is a path in any case. */
  root: string;
  /** Where the HTTP API of each agent is. */
  agents: Record<Agent, string>;
  httpsPort: string;
  coreProject: string;
  applicationProject: string;
  /** Has the programs that the command uses and a host may lack. */
  toolsImage: string;
  /** Has the programs that read a backup. */
  backupImage: string;
}

export const HOST_CHECKOUT = "/app/appliance";

/**
 * Reads what bootstrap wrote to `compose/.env`; in a plain checkout there is none, and compose.yml's own defaults hold.
 * `APPLIANCE_CHECKOUT` in the environment says which checkout, else it is the one of the host.
 */
export function findInstallation(environment: NodeJS.ProcessEnv): Installation {
  const checkout = resolve(environment["APPLIANCE_CHECKOUT"] ?? HOST_CHECKOUT);
  const settings = { ...parseDotEnv(readIfThere(join(checkout, "compose/.env"))), ...environment };
  const root = settings["APPLIANCE_ROOT"] ?? join(checkout, "appliance-root");
  return {
    checkout,
    root: root.replace(/\/+$/, ""),
    agents: {
      "config-agent": `http://127.0.0.1:${settings["APPLIANCE_CONFIG_AGENT_PORT"] ?? "7301"}`,
      "update-agent": `http://127.0.0.1:${settings["APPLIANCE_UPDATE_AGENT_PORT"] ?? "7302"}`,
      "cert-agent": `http://127.0.0.1:${settings["APPLIANCE_CERT_AGENT_PORT"] ?? "7303"}`,
      "backup-agent": `http://127.0.0.1:${settings["APPLIANCE_BACKUP_AGENT_PORT"] ?? "7304"}`,
    },
    httpsPort: settings["APPLIANCE_HTTPS_PORT"] ?? "8443",
    coreProject: settings["COMPOSE_PROJECT_NAME"] ?? "appliance",
    applicationProject: settings["APPLICATION_PROJECT"] ?? "ecs",
    toolsImage: imageOf("tools", settings["APPLIANCE_VERSION"]),
    backupImage: imageOf("backup-agent", settings["APPLIANCE_VERSION"]),
  };
}

const imageOf = (service: string, version = "latest") => `appliance/${service}:${version}`;

/** The token of an agent's HTTP API, which root alone may read. @throws OperatorError `NOT_PREPARED`, `NOT_ROOT` */
export function readToken({ root }: Installation, agent: Agent): string {
  const path = `${root}/var/lib/appliance/secrets/${agent}/http-token`;
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    if (isSystemError(cause, "EACCES")) throw notRoot(cause);
    if (isSystemError(cause, "ENOENT")) throw notPrepared(path, cause);
    throw cause;
  }
}

function notRoot(cause: unknown): OperatorError {
  return new OperatorError("NOT_ROOT", "Only root may talk to the agents.", {
    remedy: "Run the command again with sudo.",
    cause,
  });
}

function notPrepared(path: string, cause: unknown): OperatorError {
  return new OperatorError("NOT_PREPARED", `The appliance was never started here (${path} is missing).`, {
    remedy: "Run `appliance start`, or deploy/bootstrap.sh on a fresh host.",
    cause,
  });
}

/** `NAME=value` lines as bootstrap writes them: no quotes, no expansion. */
function parseDotEnv(text: string): Record<string, string> {
  const lines = text.split("\n").flatMap((line) => {
    const [, name, value] = /^([A-Z_][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    return name && value !== undefined ? [[name, value] as const] : [];
  });
  return Object.fromEntries(lines);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (err) {
    if (isSystemError(err, "ENOENT", "EACCES")) return "";
    throw err;
  }
}
