import type { AgentHttp } from "@appliance/agent";
import { OperatorError, redact } from "@appliance/errors";
import { Container } from "@appliance/jobs";
import * as z from "zod";
import { observeAll } from "./container-jobs.ts";
import type { Docker } from "./docker.ts";
import type { Groups } from "./groups.ts";
import type { Outputs } from "./outputs.ts";

const MOST_LINES = 2000;

/** Reading state, and what an operation printed that may be nowhere else; asking for work goes through the queue. */
export function containerRoutes(tools: { docker: Docker; groups: Groups; outputs: Outputs }): (app: AgentHttp) => void {
  return (app) => {
    listRoute(app, tools);
    logsRoute(app, tools);
    outputRoute(app, tools);
  };
}

/** A HEAD would take it and show nothing, so there is none. */
function outputRoute(app: AgentHttp, { outputs }: { outputs: Outputs }): void {
  const params = z.object({ id: z.string() });
  const answer = z.object({ output: z.string() });
  const schema = {
    summary: "What an operation printed that is secret; answers once",
    params,
    response: { 200: answer },
  };
  app.get("/outputs/:id", { schema, exposeHeadRoute: false }, ({ params: { id } }, reply) => {
    void reply.header("cache-control", "no-store");
    return { output: outputs.take(id) };
  });
}

function listRoute(app: AgentHttp, tools: { docker: Docker; groups: Groups }): void {
  const answer = z.object({ containers: z.array(Container) });
  const schema = { summary: "The containers of the appliance and its application", response: { 200: answer } };
  app.get("/containers", { schema }, async () => answer.parse({ containers: await observeAll(tools) }));
}

function logsRoute(app: AgentHttp, tools: { docker: Docker; groups: Groups }): void {
  const params = z.object({ name: z.string() });
  const querystring = z.object({ tail: z.coerce.number().int().min(1).max(MOST_LINES).default(100) });
  const schema = { summary: "The end of a container's log, by its name or its service's", params, querystring };
  app.get("/containers/:name/logs", { schema }, async ({ params: { name }, query: { tail } }, reply) => {
    const container = (await observeAll(tools)).find((one) => one.container === name || one.service === name);
    if (!container) throw unknownContainer(name);
    const text = await tools.docker.logs(container.id, tail);
    return reply.type("text/plain; charset=utf-8").send(redact(text, await tools.groups.secretsOf(container.project)));
  });
}

function unknownContainer(name: string): OperatorError {
  return new OperatorError("NOT_FOUND", `The appliance has no container or service ${name}`, {
    remedy: "List them with `appliance status`.",
  });
}
