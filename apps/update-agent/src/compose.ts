import { CommandError, type RunCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import type { ContainersUp, DataOf } from "@appliance/jobs";
import type { ComposeGroup } from "./compose-group.ts";
import { parseModel, type GroupModel } from "./compose-model.ts";

export type Recreate = DataOf<typeof ContainersUp>["recreate"];
export type Compose = ReturnType<typeof createCompose>;

interface ComposeDeps {
  run: RunCommand;
  /** The engine's socket, a path. */
  dockerSocket: string;
}

const MINUTE_MS = 60_000;
const READ_LIMIT_MS = MINUTE_MS;
/** Images may have to be pulled; the job's own limit ends it earlier. */
const UP_LIMIT_MS = 60 * MINUTE_MS;

const RECREATE_OPTION: Record<Recreate, readonly string[]> = {
  never: ["--no-recreate"],
  changed: [],
  always: ["--force-recreate"],
};

/**
 * docker compose, version 2. It is given PATH, HOME, the socket and the group's own environment, nothing else; a value reaches a container
 * only where its service names the variable, and then unchanged.
 * @see https://docs.docker.com/reference/cli/docker/compose/
 */
export function createCompose({ run, dockerSocket }: ComposeDeps) {
  const base = { HOME: "/tmp", DOCKER_HOST: `unix://${dockerSocket}` };
  const compose = async (args: readonly string[], options: Omit<Parameters<RunCommand>[2], "cwd">) => {
    try {
      return await run("docker", ["compose", "--ansi=never", "--progress=plain", ...args], {
        ...options,
        env: { ...options.env, ...base },
      });
    } catch (error) {
      throw asComposeError(error);
    }
  };
  const withGroup = (group: ComposeGroup, args: readonly string[]) => [...groupOptions(group), ...args];
  const environmentOf = (group: ComposeGroup) => ({ ...group.environment, ...compatibility(group) });

  return {
    /** The group as compose understands it, services of all profiles included. */
    async model(group: ComposeGroup, signal: AbortSignal): Promise<GroupModel> {
      const options = { env: environmentOf(group), timeoutMs: READ_LIMIT_MS, maxOutputBytes: 16 * 2 ** 20, signal };
      const everything = (args: string[]) => compose(withGroup(group, ["--profile=*", "config", ...args]), options);
      const [config, hashes] = await Promise.all([everything(["--format=json"]), everything(["--hash=*"])]);
      return parseModel(config.stdout, hashes.stdout);
    },

    /** Brings services into being; no names mean all. `onLine` is told each line of compose's progress. */
    async up(group: ComposeGroup, order: UpOrder, signal: AbortSignal): Promise<void> {
      const options = [...RECREATE_OPTION[order.recreate], ...(order.removeOrphans ? ["--remove-orphans"] : [])];
      const alone = group.project === "core" ? ["--no-deps"] : [];
      const args = ["up", "--detach", "--no-build", ...options, ...alone, "--", ...order.services];
      const { onLine } = order;
      await compose(withGroup(group, args), { env: environmentOf(group), timeoutMs: UP_LIMIT_MS, signal, onLine });
    },

    /** Starts a one-off container of a service in the background; without a terminal, named, and kept after its end. */
    async startOneOff(group: ComposeGroup, oneOff: OneOffOrder, signal: AbortSignal): Promise<void> {
      const alone = group.project === "core" ? ["--no-deps"] : [];
      const args = [
        "run",
        "--detach",
        "--no-TTY",
        `--name=${oneOff.name}`,
        ...alone,
        "--",
        oneOff.service,
        ...oneOff.command,
      ];
      await compose(withGroup(group, args), { env: environmentOf(group), timeoutMs: UP_LIMIT_MS, signal });
    },

    /** Needs no file and no environment: compose knows the containers of a project by their labels. */
    async stop(name: string, services: readonly string[], timeoutSeconds: number, signal: AbortSignal): Promise<void> {
      const args = [`--project-name=${name}`, "stop", `--timeout=${timeoutSeconds}`, "--", ...services];
      // One service after the other may use up its time.
      await compose(args, { timeoutMs: (services.length + 1) * timeoutSeconds * 1000 + 5 * MINUTE_MS, signal });
    },
  };
}

export interface UpOrder {
  services: readonly string[];
  recreate: Recreate;
  /** Takes away containers of services that the file no longer has. */
  removeOrphans: boolean;
  onLine: (line: string) => void;
}

export interface OneOffOrder {
  service: string;
  name: string;
  command: readonly string[];
}

function groupOptions({ name, files, envFiles, directory }: ComposeGroup): string[] {
  return [
    `--project-name=${name}`,
    `--project-directory=${directory}`,
    ...files.map((file) => `--file=${file}`),
    ...envFiles.map((file) => `--env-file=${file}`),
  ];
}

/** Gives containers of the application the names that the manual's commands use, such as `ecs_ecs.web_1`. */
function compatibility({ project }: ComposeGroup): Record<string, string> {
  return project === "application" ? { COMPOSE_COMPATIBILITY: "1" } : {};
}

const IMAGE_MISSING = /No such image: (\S+)|pull access denied for (\S+?),|manifest for (\S+) not found/;

function asComposeError(error: unknown): unknown {
  if (!(error instanceof CommandError) || error.code !== "COMMAND_FAILED") return error;
  const image = IMAGE_MISSING.exec(error.stderrTail)?.slice(1).find(Boolean);
  if (image)
    return new OperatorError("IMAGE_MISSING", `The image ${image} is not on this host and cannot be pulled`, {
      remedy: "Run deploy/bootstrap.sh again, or deploy/images.sh build in a checkout, then try again.",
      cause: error,
    });
  const reason = error.stderrTail.trim().split("\n").slice(-3).join(" / ");
  return new OperatorError("COMPOSE_FAILED", `docker compose failed: ${reason || error.message}`, {
    remedy: "Mend what it complains about, then try again.",
    cause: error,
  });
}
