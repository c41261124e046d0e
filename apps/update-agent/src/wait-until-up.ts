import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError, redact } from "@appliance/errors";
import type { Project } from "@appliance/jobs";
import type { Docker, ServiceContainer } from "./docker.ts";
import { judgeContainer } from "./judge-container.ts";

export interface Waiting {
  docker: Docker;
  project: Project;
  /** The compose project's name. */
  name: string;
  /** What may not be seen of a log that is quoted. */
  secrets: readonly string[];
  services: readonly string[];
  /** Whether a service was started for this waiting. */
  isFresh: (service: string) => boolean;
  signal: AbortSignal;
  /** Told in a sentence what is waited for, once for each change. */
  note: (sentence: string) => void;
}

const LOOK_EVERY_MS = 500;
/** Above the start period of any health check of ours; one without an end does not hold a job for its hour. */
const PATIENCE_MS = 15 * 60_000;
const LOG_LINES = 8;
/** Of a log with lines of any length: a failure is a sentence that goes through the queue. */
const LOG_CHARACTERS = 2000;

/**
 * Returns the containers of `services` once each is up, and healthy where it has a health check.
 * @throws OperatorError `SERVICE_FAILED` with the end of its log, `SERVICE_NOT_UP` when the patience is over.
 */
export async function waitUntilUp(waiting: Waiting): Promise<ServiceContainer[]> {
  const startedAt = performance.now();
  for (let last = ""; ;) {
    const { containers, pending } = await look(waiting, performance.now() - startedAt);
    if (pending.length === 0) return containers;
    const sentence = pending.join(", ");
    if (sentence !== last) waiting.note(sentence);
    last = sentence;
    if (performance.now() - startedAt > PATIENCE_MS) throw notUp(sentence);
    await sleep(LOOK_EVERY_MS, undefined, { signal: waiting.signal });
  }
}

/** The wanted containers, and a few words for each that is not up yet. */
async function look(waiting: Waiting, waitedMs: number) {
  const { services, isFresh } = waiting;
  const containers = (await observe(waiting)).filter(({ service }) => services.includes(service));
  const pending: string[] = services
    .filter((service) => !containers.some((container) => container.service === service))
    .map((service) => `${service} has no container yet`);
  for (const container of containers) {
    const judgement = judgeContainer(container, isFresh(container.service), waitedMs, new Date());
    if (judgement.state === "failed") throw await serviceFailed(waiting, container, judgement.why);
    if (judgement.state === "waiting") pending.push(`${container.service} ${judgement.why}`);
  }
  return { containers, pending };
}

/**
 * Why compose gave up, where a container of the group is the reason: one that was just started, or that compose names in
 * `complaint`, which may be one that others depend on.
 */
export async function findFailure(waiting: Waiting, complaint: string): Promise<OperatorError | undefined> {
  for (const container of await observe(waiting)) {
    if (!waiting.isFresh(container.service) && !complaint.includes(container.container)) continue;
    const judgement = judgeContainer(container, true, 0, new Date());
    if (judgement.state === "failed") return serviceFailed(waiting, container, judgement.why);
  }
  return undefined;
}

/** What a health check printed is masked before anything is cut off, since half a secret cannot be recognised. */
async function observe({ docker, project, name, secrets }: Waiting): Promise<ServiceContainer[]> {
  const containers = await docker.observe(project, name);
  return containers.map(({ healthOutput, ...rest }) => ({
    ...rest,
    healthOutput: healthOutput && redact(healthOutput, secrets),
  }));
}

async function serviceFailed(
  { docker, secrets }: Waiting,
  container: ServiceContainer,
  why: string,
): Promise<OperatorError> {
  const text = await docker.logs(container.id, LOG_LINES);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const quote = redact(lines.join(" / "), secrets).slice(-LOG_CHARACTERS);
  const end = quote === "" ? ". It has logged nothing" : `. Its last lines: ${quote}`;
  return new OperatorError("SERVICE_FAILED", `The service ${container.service} ${why}${end}`, {
    remedy: `Read more with \`appliance logs ${container.service}\`, mend the cause, then run \`appliance apply\`.`,
  });
}

function notUp(pending: string): OperatorError {
  return new OperatorError("SERVICE_NOT_UP", `After ${PATIENCE_MS / 60_000} minutes ${pending}`, {
    remedy: "Read its log with `appliance logs`, mend the cause, then run `appliance apply`.",
  });
}
