import { join } from "node:path";
import { withFlock } from "@appliance/files";
import {
  ContainersObserve,
  ContainersRecover,
  ContainersRenewMounts,
  ContainersRestart,
  ContainersRun,
  ContainersSignal,
  ContainersStop,
  ContainersUp,
  handle,
  type JobHandler,
  type JobContext,
  type Project,
  type Work,
} from "@appliance/jobs";
import { applyRecover } from "./apply-recover.ts";
import { applyRestart, runningContainers } from "./apply-restart.ts";
import { applyRun } from "./apply-run.ts";
import { applyStop } from "./apply-stop.ts";
import { applyUp } from "./apply-up.ts";
import type { Compose } from "./compose.ts";
import type { Docker, ServiceContainer } from "./docker.ts";
import type { Groups } from "./groups.ts";
import type { Outputs } from "./outputs.ts";
import { planRecover } from "./plan-recover.ts";
import { planRenewMounts } from "./plan-renew-mounts.ts";
import { planRun } from "./plan-run.ts";
import { planServices } from "./plan-services.ts";
import { waitUntilUp } from "./wait-until-up.ts";

export interface ContainerTools {
  compose: Compose;
  docker: Docker;
  groups: Groups;
  outputs: Outputs;
  /** A folder for lock files. */
  workDir: string;
}

const PROJECTS: readonly Project[] = ["core", "application"];

/** Longer than any job; the job's own time limit ends the waiting before. */
const LOCK_WAIT_MS = 6 * 3_600_000;

/** The containers of both projects. */
export async function observeAll({
  docker,
  groups,
}: Pick<ContainerTools, "docker" | "groups">): Promise<ServiceContainer[]> {
  const perProject = await Promise.all(PROJECTS.map((project) => docker.observe(project, groups.nameOf(project))));
  return perProject.flat();
}

/** The work of the queue `containers`. */
export function containerJobs(tools: ContainerTools): JobHandler[] {
  return [
    handle(ContainersObserve, async () => ({ containers: await observeAll(tools) })),
    handle(ContainersUp, up(tools)),
    handle(ContainersStop, stop(tools)),
    handle(ContainersRestart, restart(tools)),
    handle(ContainersRenewMounts, renewMounts(tools)),
    handle(ContainersSignal, signal(tools)),
    handle(ContainersRun, run(tools)),
    handle(ContainersRecover, recover(tools)),
  ];
}

function up(tools: ContainerTools): Work<typeof ContainersUp> {
  return (order, context) =>
    alone(tools, order.project, context.signal, async (signal) => {
      const note = (sentence: string) => context.progress({ sentence });
      const group = await tools.groups.open(order.project);
      return { containers: await applyUp(group, order, { ...tools, log: context.log, note }, signal) };
    });
}

function stop(tools: ContainerTools): Work<typeof ContainersStop> {
  return (order, context) =>
    alone(tools, order.project, context.signal, async (signal) => {
      const { observed, services } = await select(tools, order.project, order.services, signal);
      await applyStop(tools.groups.nameOf(order.project), { ...order, services }, observed, tools, signal);
      return {};
    });
}

function restart(tools: ContainerTools): Work<typeof ContainersRestart> {
  return ({ project, services }, { signal, log }) =>
    alone(tools, project, signal, async (signal) => {
      await restartUntilUp(tools, project, services, { signal, log });
      return {};
    });
}

/** A mount of a file is looked up at each start, so the same container will do. */
function renewMounts(tools: ContainerTools): Work<typeof ContainersRenewMounts> {
  return ({ project, files, replacedAt }, { signal, log }) =>
    alone(tools, project, signal, async (signal) => {
      const observed = await tools.docker.observe(project, tools.groups.nameOf(project));
      const onHost = await Promise.all(files.map((file) => tools.groups.onHost(file)));
      const services = planRenewMounts({ files: onHost, replacedAt: new Date(replacedAt) }, observed, new Date());
      if (services.length > 0) await restartUntilUp(tools, project, services, { signal, log });
      return { services };
    });
}

/** Ends once the services are up again: who asks wants to use them. */
async function restartUntilUp(
  tools: ContainerTools,
  project: Project,
  names: readonly string[],
  { signal, log }: Pick<JobContext<typeof ContainersRestart>, "signal" | "log">,
): Promise<void> {
  const { docker, groups } = tools;
  const { observed, services } = await select(tools, project, names, signal);
  await applyRestart(runningContainers(services, observed), docker, signal);
  const note = (sentence: string) => log.info({ sentence }, "waiting after a restart");
  const secrets = await groups.secretsOf(project);
  const isFresh = () => true;
  await waitUntilUp({ docker, project, name: groups.nameOf(project), secrets, services, isFresh, signal, note });
}

function signal(tools: ContainerTools): Work<typeof ContainersSignal> {
  return async (order, context) => {
    const { observed, services } = await select(tools, order.project, [order.service], context.signal);
    for (const { id } of runningContainers(services, observed)) await tools.docker.signal(id, order.signal);
    return {};
  };
}

function run(tools: ContainerTools): Work<typeof ContainersRun> {
  return (order, context) =>
    alone(tools, order.project, context.signal, async (signal) => {
      const group = await tools.groups.open(order.project);
      const model = await tools.compose.model(group, signal);
      const planned = planRun({ ...order, jobId: context.id, name: group.name }, model);
      const { exitCode, output } = await applyRun(group, planned, tools, signal);
      if (!planned.secretOutput) return { exitCode, output, outputId: null };
      return { exitCode, output: "", outputId: tools.outputs.keep(output) };
    });
}

/** It takes hours and touches no service of the core, so it holds up no other work there. */
function recover(tools: ContainerTools): Work<typeof ContainersRecover> {
  return (order, { id: jobId, signal, log, progress }) =>
    alone(tools, "recovery", signal, async (signal) => {
      const group = await tools.groups.open("core");
      const planned = planRecover({ ...order, jobId, name: group.name });
      return applyRecover(group, planned, { ...tools, log, progress }, signal);
    });
}

/**
 * Holds the project's lock: a second delivery of a job, or a job that contradicts it, waits and then finds the first one's
 * work done. Losing the lock ends the work as the signal does.
 */
async function alone<T>(
  { workDir }: ContainerTools,
  project: Project | "recovery",
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = join(workDir, `containers-${project}.lock`);
  return withFlock(lock, { waitMs: LOCK_WAIT_MS, signal }, (lost) => work(AbortSignal.any([signal, lost])));
}

/**
 * What runs, and the services that a job means. The application's are found by what runs, so that it can be stopped in
 * standby too, when there is no compose file for it any more.
 */
async function select(tools: ContainerTools, project: Project, names: readonly string[], signal: AbortSignal) {
  const { compose, docker, groups } = tools;
  const observed = await docker.observe(project, groups.nameOf(project));
  if (project === "core") {
    const services = planServices(project, names, await compose.model(await groups.open(project), signal));
    return { observed, services };
  }
  const existing = [...new Set(observed.map(({ service }) => service))];
  return { observed, services: names.length > 0 ? [...names] : existing };
}
