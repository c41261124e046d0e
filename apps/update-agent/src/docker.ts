import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError, OperatorError } from "@appliance/errors";
import type { Container, Project } from "@appliance/jobs";
import Dockerode from "dockerode";
import { decodeLogs } from "./docker-logs.ts";

/** A container of a compose service with what plans look at beside what every agent may know. */
export interface ServiceContainer extends Container {
  id: string;
  /** Compose's digest of the definition that it was made from. */
  configHash: string;
  imageId: string;
  restartPolicy: string;
  /** What the last health check printed, or null. */
  healthOutput: string | null;
  /** Files and folders of the host that are mounted into it, as its definition spells them. */
  bindSources: readonly string[];
}

/** A container that is no service: a one-off operation. */
export interface OneOff {
  id: string;
  state: Container["state"];
  exitCode: number;
}

export type Docker = ReturnType<typeof createDocker>;

/** The newest version of the engine's API that this adapter was tried with; an older engine is spoken to in its own. */
const NEWEST_API = [1, 51] as const;
/** A stop waits for the container's own grace period, which is a minute for the database. */
const SILENCE_MS = 180_000;
const POLL_MS = 500;

const LABEL = "com.docker.compose";

/** Everything that is asked of the engine beside compose. Errors are OperatorErrors `DOCKER_UNAVAILABLE` and `DOCKER_REFUSED`. */
export function createDocker({ socketPath }: { socketPath: string }) {
  const attempt = async <T>(work: (engine: Dockerode) => Promise<T>): Promise<T> => {
    try {
      return await work(await connect(socketPath));
    } catch (error) {
      throw asDockerError(error, socketPath);
    }
  };
  /** Undefined where what was asked for does not exist. */
  const lookUp = <T>(work: (engine: Dockerode) => Promise<T>) =>
    attempt((engine) =>
      work(engine).catch((error: unknown) => (statusOf(error) === 404 ? undefined : Promise.reject(error))),
    );
  const findOneOff = (name: string): Promise<OneOff | undefined> =>
    lookUp(async (engine) => toOneOff(await engine.getContainer(name).inspect()));

  return {
    /** The containers of a project's services, stopped ones too, one-off operations not. */
    observe: (project: Project, name: string): Promise<ServiceContainer[]> =>
      attempt(async (engine) => {
        const label = [`${LABEL}.project=${name}`, `${LABEL}.oneoff=False`];
        const found = await engine.listContainers({ all: true, filters: { label } });
        // One that is replaced at this moment is gone between the list and the look.
        const looks = found.map(({ Id }) => engine.getContainer(Id).inspect().catch(unlessGone));
        const containers = (await Promise.all(looks)).filter((info) => info !== undefined);
        return containers.map((info) => toServiceContainer(project, info)).sort(byServiceAndName);
      }),
    imageId: (reference: string): Promise<string | undefined> =>
      lookUp(async (engine) => (await engine.getImage(reference).inspect()).Id),
    /** The last `tail` lines of both streams. */
    logs: (id: string, tail: number): Promise<string> =>
      attempt(async (engine) =>
        decodeLogs(await engine.getContainer(id).logs({ stdout: true, stderr: true, tail, follow: false })),
      ),
    /** The last `tail` lines of standard output; empty when there is no such container any more. */
    output: async (id: string, tail: number): Promise<string> => {
      const read = (engine: Dockerode) =>
        engine.getContainer(id).logs({ stdout: true, stderr: false, tail, follow: false });
      return decodeLogs((await lookUp(read)) ?? Buffer.alloc(0));
    },
    signal: (id: string, signal: string): Promise<void> =>
      attempt((engine) => engine.getContainer(id).kill({ signal })),
    /** Ends it as its definition says and starts the same container again. */
    restart: (id: string): Promise<void> => attempt((engine) => engine.getContainer(id).restart()),
    start: (id: string): Promise<void> => attempt((engine) => engine.getContainer(id).start()),
    /** Ends it at once and takes it away; one that is gone is done. */
    remove: (id: string): Promise<void> =>
      lookUp((engine) => engine.getContainer(id).remove({ force: true, v: true })).then(() => undefined),
    findOneOff,
    /** The one-off containers of a service, ended ones too, by their names. */
    listOneOffs: (name: string, service: string): Promise<(OneOff & { container: string })[]> =>
      attempt(async (engine) => {
        const label = [`${LABEL}.project=${name}`, `${LABEL}.service=${service}`, `${LABEL}.oneoff=True`];
        const found = await engine.listContainers({ all: true, filters: { label } });
        const looks = found.map(({ Id }) => engine.getContainer(Id).inspect().catch(unlessGone));
        const containers = (await Promise.all(looks)).filter((info) => info !== undefined);
        return containers.map((info) => ({ ...toOneOff(info), container: info.Name.replace(/^\//, "") }));
      }),
    /** The exit code of a container, looked at until it has ended; -1 when another hand took it away. */
    exitCode: async (id: string, signal: AbortSignal): Promise<number> => {
      for (;;) {
        const found = await findOneOff(id);
        if (!found) return -1;
        if (found.state === "exited" || found.state === "dead") return found.exitCode;
        await sleep(POLL_MS, undefined, { signal });
      }
    },
    /** Where the folder that a container sees as `destination` lies on the host; undefined when there is no such container. */
    mountSource: (container: string, destination: string): Promise<string | undefined> =>
      lookUp(async (engine) => {
        const { Mounts } = await engine.getContainer(container).inspect();
        return Mounts.find((mount) => mount.Destination === destination)?.Source;
      }),
  };
}

/** Agrees with the engine on a version each time, since the engine may be upgraded while this agent runs. */
async function connect(socketPath: string): Promise<Dockerode> {
  const options = { socketPath, timeout: SILENCE_MS };
  const { ApiVersion } = await new Dockerode(options).version();
  return new Dockerode({ ...options, version: `v${olderVersion(ApiVersion)}` });
}

function olderVersion(ofEngine: string): string {
  const [major = 0, minor = 0] = ofEngine.split(".").map(Number);
  const older = major < NEWEST_API[0] || (major === NEWEST_API[0] && minor < NEWEST_API[1]);
  return older ? ofEngine : NEWEST_API.join(".");
}

function toServiceContainer(project: Project, info: Dockerode.ContainerInspectInfo): ServiceContainer {
  const { State: state, Config: config } = info;
  const running = state.Status === "running";
  return {
    project,
    service: config.Labels[`${LABEL}.service`] ?? "",
    container: info.Name.replace(/^\//, ""),
    image: config.Image,
    state: state.Status as Container["state"],
    health: toHealth(state.Health?.Status),
    exitCode: running ? null : state.ExitCode,
    startedAt: state.StartedAt.startsWith("0001") ? null : state.StartedAt,
    restartCount: info.RestartCount,
    id: info.Id,
    configHash: config.Labels[`${LABEL}.config-hash`] ?? "",
    imageId: info.Image,
    restartPolicy: info.HostConfig.RestartPolicy?.Name ?? "no",
    healthOutput: state.Health?.Log?.at(-1)?.Output.trim() ?? null,
    bindSources: info.Mounts.filter(({ Type }) => Type === "bind").map(({ Source }) => Source),
  };
}

function toHealth(status: string | undefined): Container["health"] {
  return status === "starting" || status === "healthy" || status === "unhealthy" ? status : null;
}

function toOneOff({ Id, State }: Dockerode.ContainerInspectInfo): OneOff {
  return { id: Id, state: State.Status as Container["state"], exitCode: State.ExitCode };
}

function byServiceAndName(a: Container, b: Container): number {
  return a.service.localeCompare(b.service) || a.container.localeCompare(b.container);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error ? Number(error.statusCode) : undefined;
}

function unlessGone(error: unknown): undefined {
  if (statusOf(error) !== 404) throw error;
}

function asDockerError(error: unknown, socketPath: string): unknown {
  if (isSystemError(error, "ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT"))
    return new OperatorError(
      "DOCKER_UNAVAILABLE",
      `The Docker engine does not answer at ${socketPath} (${error.code})`,
      {
        remedy: "Start the engine (`systemctl start docker`), then try again.",
        cause: error,
      },
    );
  if (statusOf(error) === undefined) return error;
  const { reason, json } = error as { reason?: string; json?: { message?: string } };
  return new OperatorError(
    "DOCKER_REFUSED",
    `The Docker engine refused: ${json?.message ?? reason ?? statusOf(error)}`,
    {
      remedy: "Mend what the engine complains about, then try again.",
      cause: error,
    },
  );
}
