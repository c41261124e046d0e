import swagger from "@fastify/swagger";
import { OperatorError } from "@appliance/errors";
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import * as z from "zod";
import type { AgentConfig } from "./config.ts";
import { problemOf, SEE_OPENAPI } from "./problem.ts";
import { combineReady, type ReadyCheck } from "./ready.ts";
import { isOpen, requireToken } from "./token.ts";
import { toOpenApi, zodSchemaController, type ZodTypeProvider } from "./zod-provider.ts";

/** An agent's HTTP server, whose routes are typed by zod schemas. */
export type AgentHttp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

interface HttpOptions {
  config: Pick<AgentConfig, "name" | "http">;
  version: string;
  log: Logger;
  readyChecks: readonly ReadyCheck[];
  registry: Registry;
  routes: (app: AgentHttp) => void | Promise<void>;
}

/** The server with the routes that all agents share and `routes` on top; not listening yet. */
export async function createHttp({ config, version, log, readyChecks, registry, routes }: HttpOptions) {
  const quiet: FastifyBaseLogger = log.child({}, { level: "warn" }); // an address that is listened on is no news
  const app = fastify({
    loggerInstance: quiet,
    logController: new LogController({ disableRequestLogging: true }), // nor is a health check every few seconds
    schemaController: zodSchemaController,
    forceCloseConnections: true, // a kept-alive connection must not hold up a stop
  });
  requireToken(app, config.http.token);
  answerProblems(app);
  await app.register(swagger, {
    openapi: {
      info: { title: config.name, version },
      components: { securitySchemes: { token: BEARER } },
      security: [{ token: [] }],
    },
    transform: ({ schema, url }) => ({ schema: toOpenApi(schema as Record<string, unknown>, isOpen(url)), url }),
  });
  const typed = app.withTypeProvider<ZodTypeProvider>();
  await app.register(async () => {
    sharedRoutes(typed, readyChecks, registry);
    await routes(typed);
  });
  return typed;
}

const BEARER = { type: "http", scheme: "bearer" } as const;

function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = problemOf(error);
    if (status === 500) request.log.error({ err: error, url: request.url }, "request failed");
    return reply.code(status).type("application/problem+json").send(body);
  });
  app.setNotFoundHandler(({ method, url }) => {
    throw new OperatorError("NOT_FOUND", `${method} ${url.split("?")[0]} is not known here.`, { remedy: SEE_OPENAPI });
  });
}

const ReadyAnswer = z.object({ ready: z.boolean(), reasons: z.array(z.string()) });

function sharedRoutes(app: AgentHttp, readyChecks: readonly ReadyCheck[], registry: Registry): void {
  const healthz = {
    summary: "Alive: answers while the process works at all",
    response: { 200: z.object({ status: z.string() }) },
  };
  app.get("/healthz", { schema: healthz }, () => ({ status: "ok" }));

  const readyz = { summary: "Ready to work, or why not", response: { 200: ReadyAnswer, 503: ReadyAnswer } };
  app.get("/readyz", { schema: readyz }, async (_request, reply) => {
    const state = await combineReady(readyChecks);
    return reply.code(state.ready ? 200 : 503).send(state);
  });

  app.get("/metrics", { schema: { summary: "Figures for Prometheus" } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  app.get("/openapi.json", { schema: { summary: "This description" } }, () => app.swagger());
}
