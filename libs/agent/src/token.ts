import { createHash, timingSafeEqual } from "node:crypto";
import { OperatorError } from "@appliance/errors";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** What monitoring and health checks read: it tells nothing that is worth a secret. */
const OPEN = new Set(["/healthz", "/readyz", "/metrics", "/openapi.json"]);

export function isOpen(route: string | undefined): boolean {
  return route !== undefined && OPEN.has(route);
}

/** Lets a request pass only with `Authorization: Bearer TOKEN`, unless its route is open to all. */
export function requireToken(app: FastifyInstance, token: string): void {
  const expected = digest(`Bearer ${token}`);
  app.addHook("onRequest", async (request: FastifyRequest, reply: FastifyReply) => {
    if (isOpen(request.routeOptions.url)) return;
    // Digests are of one length, and comparing them takes the same time however much of the token is right.
    if (timingSafeEqual(digest(request.headers.authorization ?? ""), expected)) return;
    void reply.header("www-authenticate", "Bearer");
    throw new OperatorError("TOKEN_REQUIRED", "This request carries no valid token.", {
      remedy: "Use the `appliance` command as root, which knows the token.",
    });
  });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
