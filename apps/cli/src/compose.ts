import { runCommand } from "@appliance/command";
import type { Installation } from "./installation.ts";

/** `docker compose` and `docker`, for what must work when no agent does. */
export interface Compose {
  /** Starts the control stage and waits until it is healthy. */
  upCore(onLine: (line: string) => void): Promise<void>;
  /** Stops the containers of a project, whichever files it was started from. */
  stop(project: string, onLine: (line: string) => void): Promise<void>;
  /** One line a container: name, state with health. */
  list(project: string): Promise<ContainerLine[]>;
  logs(
    container: string,
    options: { tail: string; follow: boolean; since?: string },
    onLine: (line: string) => void,
  ): Promise<void>;
}

export interface ContainerLine {
  name: string;
  service: string;
  state: string;
  status: string;
}

const START_TIMEOUT_MS = 15 * 60_000;
const SHORT_MS = 60_000;
const ONE_YEAR_MS = 2 ** 31 - 1;

export function createCompose({ checkout }: Installation): Compose {
  const env = { HOME: process.env["HOME"] ?? "/root" };
  const directory = `${checkout}/compose`;
  const docker = (args: string[], timeoutMs: number, onLine?: (line: string) => void) =>
    runCommand("docker", args, { env, cwd: directory, timeoutMs, ...(onLine ? { onLine } : {}) });
  return {
    async upCore(onLine) {
      const up = ["compose", "--ansi", "never", "--progress", "plain", "up", "--detach", "--wait", "--remove-orphans"];
      await docker(up, START_TIMEOUT_MS, onLine);
    },
    async stop(project, onLine) {
      const names = (await list(docker, project)).map(({ name }) => name);
      if (names.length > 0) await docker(["stop", "--time", "60", "--", ...names], START_TIMEOUT_MS, onLine);
    },
    list: (project) => list(docker, project),
    async logs(container, { tail, follow, since }, onLine) {
      const options = ["--tail", tail, ...(follow ? ["--follow"] : []), ...(since ? ["--since", since] : [])];
      await docker(["logs", ...options, "--", container], follow ? ONE_YEAR_MS : SHORT_MS, onLine);
    },
  };
}

type Docker = (args: string[], timeoutMs: number) => Promise<{ stdout: string }>;

async function list(docker: Docker, project: string): Promise<ContainerLine[]> {
  const format = '{{.Names}}\t{{.Label "com.docker.compose.service"}}\t{{.State}}\t{{.Status}}';
  const filter = `label=com.docker.compose.project=${project}`;
  const { stdout } = await docker(["ps", "--all", "--filter", filter, "--format", format], SHORT_MS);
  const lines = stdout.split("\n").filter(Boolean);
  return lines.map((line) => {
    const [name = "", service = "", state = "", status = ""] = line.split("\t");
    return { name, service, state, status };
  });
}
