import { OperatorError, type Failure } from "@appliance/errors";
import type { Job } from "./api-shapes.ts";
import type { Agent } from "./installation.ts";
import { jsonLines } from "./json-lines.ts";

/** An agent's HTTP API. Calls end within seconds unless said: work is asked for and then looked at. */
export interface Api {
  agent: Agent;
  get(path: string): Promise<unknown>;
  /** What the agent itself asks elsewhere, such as a distant disk: up to five minutes. */
  getSlowly(path: string): Promise<unknown>;
  /** The lines of an answer of any length, each of them JSON, as they come. */
  lines(path: string): AsyncIterable<unknown>;
  /** Has something done that must not wait for the queue, which takes up to two minutes. */
  post(path: string, body: object): Promise<unknown>;
  /** Asks for a job under an id; the same id is the same job. */
  enqueue(name: string, id: string, data: object): Promise<void>;
  job(queue: string, id: string): Promise<Job | undefined>;
}

const TIMEOUT_MS = 10_000;
/** Above the patience that an agent has with work of its own. */
const WORK_TIMEOUT_MS = 150_000;
/** A distant disk is slow, and the agent waits a minute for its turn there. `fetch` waits no longer than five minutes. */
const SLOW_TIMEOUT_MS = 290_000;

interface CallOptions {
  body?: object;
  key?: string;
  timeoutMs?: number;
}

export function createApi(agent: Agent, baseUrl: string, readToken: () => string): Api {
  const open = async (method: string, path: string, { body, key, timeoutMs = TIMEOUT_MS }: CallOptions = {}) =>
    fetch(new URL(path, baseUrl), {
      method,
      headers: {
        authorization: `Bearer ${readToken()}`,
        ...(body ? { "content-type": "application/json" } : {}),
        ...(key ? { "idempotency-key": key } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw unreachable(agent, cause);
    });
  const ok = async (...request: Parameters<typeof open>): Promise<Response> => {
    const response = await open(...request);
    if (response.ok) return response;
    throw await refused(agent, response);
  };
  const answer = async (...request: Parameters<typeof open>): Promise<unknown> => bodyOf(await ok(...request));
  return {
    agent,
    get: (path) => answer("GET", path),
    getSlowly: (path) => answer("GET", path, { timeoutMs: SLOW_TIMEOUT_MS }),
    post: (path, body) => answer("POST", path, { body, timeoutMs: WORK_TIMEOUT_MS }),
    async *lines(path) {
      const { body } = await ok("GET", path, { timeoutMs: SLOW_TIMEOUT_MS });
      try {
        if (body) yield* jsonLines(body);
      } catch (cause) {
        throw cutOff(agent, cause);
      }
    },
    async enqueue(name, id, data) {
      await ok("POST", `/jobs/${name}`, { body: data, key: id });
    },
    async job(queue, id) {
      const response = await open("GET", `/jobs/${queue}/${encodeURIComponent(id)}`);
      if (response.status === 404) return undefined;
      if (!response.ok) throw await refused(agent, response);
      return (await shapes()).Job.parse(await bodyOf(response));
    },
  };
}

const bodyOf = (response: Response): Promise<unknown> => response.json().catch(() => null);

/** Checking answers needs a package that a command which asks nobody should not wait for. */
const shapes = () => import("./api-shapes.ts");

async function refused(agent: Agent, response: Response): Promise<OperatorError> {
  const failure = (await shapes()).FailureBody.safeParse(await bodyOf(response));
  const { code, message, remedy }: Failure = failure.success
    ? failure.data
    : {
        code: "AGENT_REFUSED",
        message: `${agent} answered with ${response.status}.`,
        remedy: `Read \`appliance logs ${agent}\`.`,
      };
  return new OperatorError(code, message, { remedy });
}

function cutOff(agent: Agent, cause: unknown): OperatorError {
  return new OperatorError("AGENT_UNREACHABLE", `The answer of ${agent} was cut off.`, {
    remedy: `Read why with \`appliance logs ${agent}\`, then try again.`,
    cause,
  });
}

function unreachable(agent: Agent, cause: unknown): OperatorError {
  return new OperatorError("AGENT_UNREACHABLE", `${agent} does not answer.`, {
    remedy: "Start it with `appliance start`; `appliance status` and `appliance logs` work without it.",
    cause,
  });
}
