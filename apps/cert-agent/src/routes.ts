import type { AgentHttp } from "@appliance/agent";
import { ClientCertificate } from "@appliance/jobs";
import * as z from "zod";
import { revoke, type JobTools } from "./jobs.ts";
import { ClientPackage } from "./packages.ts";
import { CertificatesStatus } from "./status.ts";

/** Reading state, the one-time way out of a package, and the one thing that must not wait for a queue: a revocation. */
export function certificateRoutes(tools: JobTools): (app: AgentHttp) => void {
  return (app) => {
    statusRoute(app, tools);
    listRoute(app, tools);
    packageRoute(app, tools);
    revokeRoute(app, tools);
  };
}

/** Long enough for nginx to take a set over twice; a request has no signal of its own. */
const PATIENCE_MS = 120_000;

function statusRoute(app: AgentHttp, { status }: JobTools): void {
  const summary = "The certificate of the host, the authority of client certificates, and what is wrong with either";
  const schema = { summary, response: { 200: CertificatesStatus } };
  app.get("/certificates", { schema }, () => status.read(AbortSignal.timeout(PATIENCE_MS)));
}

function listRoute(app: AgentHttp, { service, clients }: JobTools): void {
  const answer = z.object({ certificates: z.array(ClientCertificate) });
  const schema = {
    summary: "Every client certificate that the appliance issued, newest first",
    response: { 200: answer },
  };
  app.get("/client-certificates", { schema }, async () => {
    const authority = await clients.own(await service.wanted());
    return { certificates: await authority.list() };
  });
}

function packageRoute(app: AgentHttp, { packages }: JobTools): void {
  const params = z.object({ serial: z.string() });
  const summary = "PKCS#12 file and transport password of a certificate that was just issued: once, then they are gone";
  const schema = { summary, params, response: { 200: ClientPackage } };
  app.get("/client-certificates/:serial/package", { schema }, async ({ params: { serial } }, reply) => {
    void reply.header("cache-control", "no-store");
    return packages.take(serial);
  });
}

function revokeRoute(app: AgentHttp, tools: JobTools): void {
  const body = z.object({ which: z.string().min(1).max(254) });
  const answer = z.object({ revoked: z.array(ClientCertificate) });
  const summary =
    "Revoke by serial or e-mail address at once, without the queue; answers when nginx refuses what was revoked";
  const schema = { summary, body, response: { 200: answer } };
  app.post("/client-certificates/revoke", { schema }, async ({ body: { which } }) => ({
    revoked: await revoke(which, tools, AbortSignal.timeout(PATIENCE_MS)),
  }));
}
