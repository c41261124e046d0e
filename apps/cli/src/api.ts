import { OperatorError, type Failure } from "@appliance/errors";
import type { Job } from "./api-shapes.ts";
import type { Agent } from "./installation.ts";

/** An agent's HTTP API. Calls end within seconds: work is asked for and then looked at. */
export interface Api {
  agent: Agent;
  get(path: string): Promise<unknown>;
  /** Has something done that must not wait for the queue, which takes up to two minutes. */
  post(path: string, body: object): Promise<unknown>;
  /** Asks for a job under an id; the same id is the same job. */
  enqueue(name: string, id: string, data: object): Promise<void>;
  job(queue: string, id: string): Promise<Job | undefined>;
}

const TIMEOUT_MS = 10_000;
/** Above the patience that an agent has with work of its own. */
const WORK_TIMEOUT_MS = 150_000;

export function createApi(agent: Agent, baseUrl: string, readToken: () => string): Api {
  const call = async (
    method: string,
    path: string,
    body?: object,
    { key, timeoutMs = TIMEOUT_MS }: { key?: string; timeoutMs?: number } = {},
  ): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(new URL(path, baseUrl), {
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
    return { status: response.status, body: await response.json().catch(() => null) };
  };
  const ok = async (...request: Parameters<typeof call>): Promise<unknown> => {
    const answer = await call(...request);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw await refused(agent, answer.status, answer.body);
  };
  return {
    agent,
    get: (path) => ok("GET", path),
    post: (path, body) => ok("POST", path, body, { timeoutMs: WORK_TIMEOUT_MS }),
    async enqueue(name, id, data) {
      await ok("POST", `/jobs/${name}`, data, { key: id });
    },
    async job(queue, id) {
      const { status, body } = await call("GET", `/jobs/${queue}/${encodeURIComponent(id)}`);
      if (status === 404) return undefined;
      if (status !== 200) throw await refused(agent, status, body);
      return (await shapes()).Job.parse(body);
    },
  };
}

/** Checking answers needs a package that a command which asks nobody should not wait for. */
const shapes = () => import("./api-shapes.ts");

async function refused(agent: Agent, status: number, body: unknown): Promise<OperatorError> {
  const failure = (await shapes()).FailureBody.safeParse(body);
  const { code, message, remedy }: Failure = failure.success
    ? failure.data
    : {
        code: "AGENT_REFUSED",
        message: `${agent} answered with ${status}.`,
        remedy: `Read \`appliance logs ${agent}\`.`,
      };
  return new OperatorError(code, message, { remedy });
}

function unreachable(agent: Agent, cause: unknown): OperatorError {
  return new OperatorError("AGENT_UNREACHABLE", `${agent} does not answer.`, {
    remedy: "Start it with `appliance start`; `appliance status` and `appliance logs` work without it.",
    cause,
  });
}
