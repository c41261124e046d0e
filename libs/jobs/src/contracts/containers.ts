import * as z from "zod";
import { defineJob } from "../contract.ts";
import { HOUR_MS, MINUTE_MS, nothing, runId } from "./shared.ts";

/** `core` is the appliance's own compose project, `application` the group that it runs. */
export const Project = z.enum(["core", "application"]);
export type Project = z.infer<typeof Project>;

/** A service name as the compose specification allows it, so that none can be read as an option. */
const service = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
const services = z.array(service);

/** A container as the engine sees it now. */
export const Container = z.object({
  project: Project,
  service: z.string(),
  /** Its name, such as `ecs_ecs.web_1`. */
  container: z.string(),
  image: z.string(),
  state: z.enum(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
  /** Null where the image declares no health check. */
  health: z.enum(["starting", "healthy", "unhealthy"]).nullable(),
  /** Null while it runs. */
  exitCode: z.int().nullable(),
  startedAt: z.iso.datetime({ offset: true }).nullable(),
  restartCount: z.int().min(0),
});
export type Container = z.infer<typeof Container>;

const containers = z.object({ containers: z.array(Container) });
const containerJob = { queue: "containers", owner: "update-agent", senders: ["config-agent"] } as const;

/** All containers of both projects, stopped ones too. */
export const ContainersObserve = defineJob({
  ...containerJob,
  name: "containers.observe",
  data: z.object({ runId }),
  result: containers,
  attempts: 3,
  timeLimitMs: MINUTE_MS,
  http: true,
});
export type ContainersObserve = z.infer<typeof ContainersObserve.data>;

/** Starts services and waits until they are healthy; no names mean every service of the project. */
export const ContainersUp = defineJob({
  ...containerJob,
  name: "containers.up",
  data: z.object({
    project: Project,
    services,
    /** Which running containers are replaced: none, those whose definition changed, or all. */
    recreate: z.enum(["never", "changed", "always"]).default("changed"),
    runId,
  }),
  result: containers,
  /** What happens now, such as "ecs.web is starting". */
  progress: z.object({ sentence: z.string() }),
  attempts: 1,
  timeLimitMs: HOUR_MS,
});
export type ContainersUp = z.infer<typeof ContainersUp.data>;

/** Stops services; no names mean every service of the project. */
export const ContainersStop = defineJob({
  ...containerJob,
  name: "containers.stop",
  data: z.object({
    project: Project,
    services,
    /** How long a service may take to end by itself before it is killed. */
    timeoutSeconds: z.int().min(0).max(3600).default(30),
    /** Takes their containers away as well. */
    remove: z.boolean().default(false),
    runId,
  }),
  result: nothing,
  attempts: 1,
  timeLimitMs: 2 * HOUR_MS,
});
export type ContainersStop = z.infer<typeof ContainersStop.data>;

/** Restarts running services as they are, without a look at their definition. */
export const ContainersRestart = defineJob({
  ...containerJob,
  name: "containers.restart",
  data: z.object({ project: Project, services: services.min(1), runId }),
  result: nothing,
  attempts: 1,
  timeLimitMs: 30 * MINUTE_MS,
});
export type ContainersRestart = z.infer<typeof ContainersRestart.data>;

/** Sends one signal to the first process of a running service. */
export const ContainersSignal = defineJob({
  ...containerJob,
  name: "containers.signal",
  data: z.object({
    project: Project,
    service,
    signal: z.enum(["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGWINCH"]),
    runId,
  }),
  result: nothing,
  attempts: 1,
  timeLimitMs: MINUTE_MS,
});
export type ContainersSignal = z.infer<typeof ContainersSignal.data>;

/**
 * Restarts the running services of a project that have mounted one of these files by itself, and not the folder around it: such
 * a mount shows the old content for ever once another file has taken the name. One that started after `replacedAt` sees the new
 * content already and is left alone, and so is everything where nothing is mounted like that.
 */
export const ContainersRenewMounts = defineJob({
  ...containerJob,
  name: "containers.renew-mounts",
  data: z.object({
    project: Project,
    /** Paths below the appliance's root, as a compose file spells them: what two paths lead to counts under both. */
    files: z.array(z.string().startsWith("/")).min(1),
    replacedAt: z.iso.datetime(),
    runId,
  }),
  /** The services that were restarted. */
  result: z.object({ services }),
  attempts: 1,
  timeLimitMs: 30 * MINUTE_MS,
  senders: ["cert-agent"],
});
export type ContainersRenewMounts = z.infer<typeof ContainersRenewMounts.data>;

/** Runs an operation that the project's compose file declares; its arguments are checked against that declaration. */
export const ContainersRun = defineJob({
  ...containerJob,
  name: "containers.run",
  data: z.object({ project: Project, operation: service, arguments: z.array(z.string()).default([]), runId }),
  result: z.object({
    exitCode: z.int(),
    /** The end of what it printed, both streams, without secrets; empty where all of it is a secret. */
    output: z.string(),
    /** Where what is secret waits in update-agent's memory, to be read once: `GET /outputs/ID`. */
    outputId: z.string().nullable().default(null),
  }),
  attempts: 1,
  timeLimitMs: 4 * HOUR_MS,
  http: true,
});
export type ContainersRun = z.infer<typeof ContainersRun.data>;
