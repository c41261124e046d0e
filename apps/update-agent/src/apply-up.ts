import { OperatorError } from "@appliance/errors";
import type { ContainersUp, DataOf, Log } from "@appliance/jobs";
import type { Compose } from "./compose.ts";
import type { ComposeGroup } from "./compose-group.ts";
import type { GroupModel } from "./compose-model.ts";
import { describeProgress } from "./describe-progress.ts";
import type { Docker, ServiceContainer } from "./docker.ts";
import { planServices } from "./plan-services.ts";
import { halfMadeContainers, planUp, type UpStep, type UpWanted } from "./plan-up.ts";
import { findFailure, waitUntilUp, type Waiting } from "./wait-until-up.ts";

export interface UpTools {
  compose: Compose;
  docker: Docker;
  log: Log;
  /** Told each step in a sentence. */
  note: (sentence: string) => void;
}

type UpOrder = Pick<DataOf<typeof ContainersUp>, "services" | "recreate">;

/**
 * Brings services to what their definitions say, does nothing where they are so already, and waits until they are healthy.
 * @throws OperatorError `SERVICE_FAILED`, `SERVICE_NOT_UP`, `IMAGE_MISSING`, `COMPOSE_FAILED`
 */
export async function applyUp(
  group: ComposeGroup,
  order: UpOrder,
  tools: UpTools,
  signal: AbortSignal,
): Promise<ServiceContainer[]> {
  const model = await tools.compose.model(group, signal);
  const services = planServices(group.project, order.services, model);
  const whole = group.project === "application" && order.services.length === 0;
  const wanted = { services, recreate: order.recreate, model, whole };
  await discardHalfMade(group, tools.docker);
  const steps = planUp(wanted, await observe(group, model, tools.docker));
  const fresh = new Set(steps.map(({ service }) => service));
  const isFresh = (service: string) => fresh.has(service);
  const { project, name } = group;
  const secrets = Object.values(group.environment);
  const waiting: Waiting = {
    docker: tools.docker,
    project,
    name,
    secrets,
    services,
    isFresh,
    signal,
    note: tools.note,
  };
  if (steps.length > 0) await carryOut(steps, wanted, waiting, group, tools);
  return waitUntilUp(waiting);
}

async function discardHalfMade({ project, name }: ComposeGroup, docker: Docker): Promise<void> {
  for (const { id } of halfMadeContainers(await docker.observe(project, name))) await docker.remove(id);
}

async function observe(group: ComposeGroup, model: GroupModel, docker: Docker) {
  const images = [...new Set([...model.services.values()].map(({ image }) => image))];
  const ids = await Promise.all(images.map(async (image) => [image, await docker.imageId(image)] as const));
  return { containers: await docker.observe(group.project, group.name), imageIds: new Map(ids) };
}

/** Compose does the steps in the order of dependence, so it is called once for all of them. */
async function carryOut(
  steps: UpStep[],
  wanted: UpWanted,
  waiting: Waiting,
  group: ComposeGroup,
  tools: UpTools,
): Promise<void> {
  tools.log.info({ project: group.project, steps }, "containers are brought up");
  const onLine = (line: string) => {
    const sentence = describeProgress(line, group.name);
    if (sentence) tools.note(sentence);
  };
  const services = wanted.whole ? [] : wanted.services;
  try {
    await tools.compose.up(
      group,
      { services, recreate: wanted.recreate, removeOrphans: wanted.whole, onLine },
      waiting.signal,
    );
  } catch (error) {
    const complaint = error instanceof OperatorError && error.code === "COMPOSE_FAILED" ? error.message : undefined;
    throw (complaint !== undefined && (await findFailure(waiting, complaint))) || error;
  }
}
