import { join } from "node:path";
import type { AgentHttp } from "@appliance/agent";
import { deriveKeys, readReport } from "@appliance/backup-content";
import { isSystemError, OperatorError } from "@appliance/errors";
import { TargetName } from "@appliance/jobs";
import * as z from "zod";
import { EscrowNote } from "../escrow/escrow.ts";
import { listFiles, type FilesDeps } from "./files.ts";
import { listPoints, TargetPoints } from "./points.ts";
import { BackupStatus, readStatus, type StatusDeps } from "./status.ts";

export type ReadingDeps = StatusDeps & FilesDeps;

/** Below what the command waits; a request has no signal of its own. */
const PATIENCE_MS = 280_000;

/** Reading what there is, and noting what was done with env.yml. */
export function readingRoutes(deps: ReadingDeps): (app: AgentHttp) => void {
  return (app) => {
    const summary = "Targets, what is known of each, when what comes next, and how safe env.yml is; asks no target";
    app.get("/backup/status", { schema: { summary, response: { 200: BackupStatus } } }, () => readStatus(deps));
    pointsRoute(app, deps);
    filesRoute(app, deps);
    reportRoute(app, deps);
    escrowRoute(app, deps);
  };
}

function pointsRoute(app: AgentHttp, { targets }: ReadingDeps): void {
  const querystring = z.object({ target: TargetName });
  const summary = "What can be restored from a target, oldest first; asks the target";
  const schema = { summary, querystring, response: { 200: TargetPoints } };
  app.get("/backup/points", { schema }, ({ query }) =>
    listPoints(query.target, targets, AbortSignal.timeout(PATIENCE_MS)),
  );
}

function filesRoute(app: AgentHttp, deps: ReadingDeps): void {
  const querystring = z.object({
    target: TargetName.nullable().default(null),
    at: z.iso.datetime().nullable().default(null),
    below: z.string().max(4096).default(""),
  });
  const summary = "The files of a backup as lines of JSON, behind a line that says of which; asks the target";
  app.get("/backup/files", { schema: { summary, querystring } }, async ({ query }, reply) => {
    const choice = { ...query, at: query.at === null ? null : new Date(query.at) };
    const lines = await listFiles(choice, deps, AbortSignal.timeout(PATIENCE_MS));
    return reply.type("application/x-ndjson").send(lines);
  });
}

function reportRoute(app: AgentHttp, { reportsDir, slice }: ReadingDeps): void {
  const params = z.object({ name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.json$/) });
  const summary = "The report of a drill, once its seal was checked";
  app.get("/backup/reports/:name", { schema: { summary, params } }, async ({ params: { name } }) => {
    const { sealSecrets } = await slice();
    try {
      return await readReport(join(reportsDir, name), deriveKeys(...sealSecrets));
    } catch (err) {
      throw isSystemError(err, "ENOENT") ? reportMissing(name, err) : err;
    }
  });
}

function reportMissing(name: string, cause: unknown): OperatorError {
  return new OperatorError("NOT_FOUND", `There is no report ${name}.`, {
    remedy: "Find its name in `appliance backup status --json`.",
    cause,
  });
}

function escrowRoute(app: AgentHttp, { escrow, slice }: ReadingDeps): void {
  const answer = z.object({ inUse: z.boolean() });
  const summary =
    "Note that an env.yml was proven to open the backup, or packaged; answers whether it is the one in use";
  const schema = { summary, body: EscrowNote, response: { 200: answer } };
  app.post("/backup/escrow", { schema }, async ({ body }) => {
    await escrow.note(body);
    return { inUse: (await slice()).envFingerprint === body.fingerprint };
  });
}
