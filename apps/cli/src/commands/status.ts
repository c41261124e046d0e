import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError, isSystemError } from "@appliance/errors";
import { BackupStatus } from "../backup-shapes.ts";
import { summarize } from "../backup-trouble.ts";
import type { ContainerLine } from "../compose.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { StatusAnswer, type PassedOver } from "../shapes.ts";
import { formatFailure, formatTime } from "../terminal.ts";

export interface Overview {
  status: StatusAnswer | null;
  /** Where `status` comes from: the agent, or the files that it left. */
  source: "agent" | "files" | "none";
  containers: ContainerLine[];
  /** Null where backup-agent does not answer, or has nothing to tell. */
  backup: BackupStatus | null;
}

const WATCH_EVERY_MS = 1000;

/**
 * `appliance status`: what the appliance is doing, with `watch` again whenever that changes. Exit code 0 only when the application
 * is in service.
 */
export async function status(options: { watch: boolean; json: boolean }, context: Context): Promise<number> {
  for (let told = ""; ;) {
    const overview = await observe(context);
    const news = newsOf(overview);
    if (news !== told) show(overview, options, context);
    told = news;
    if (!options.watch || overview.status?.phase === "ready") return exitCode(overview);
    await sleep(WATCH_EVERY_MS);
  }
}

function show(overview: Overview, { json }: { json: boolean }, context: Context): void {
  if (json) context.terminal.json(overview);
  else context.terminal.print(describe(overview, context));
}

/** What whoever watches wants to be told: not that a container is up for a second more. */
function newsOf({ status: answer, source, containers }: Overview): string {
  const health = (text: string) => /\(.*\)/.exec(text)?.[0];
  const states = containers.map(({ name, state, status: text }) => [name, state, health(text)]);
  return JSON.stringify([source, { ...answer, updatedAt: null }, states]);
}

async function observe(context: Context): Promise<Overview> {
  const { core, application } = await listContainers(context);
  const containers = [...core, ...application];
  try {
    const answer = StatusAnswer.parse(await context.api.get("/status"));
    return { status: answer, source: "agent", containers, backup: await askBackup(context) };
  } catch (err) {
    if (!(err instanceof OperatorError)) throw err;
    const left = readLeftStatus(context);
    return { status: left, source: left ? "files" : "none", containers, backup: null };
  }
}

/** Backups are worth a line, and none of what else there is to tell may hang on them. */
async function askBackup({ backupAgent }: Context): Promise<BackupStatus | null> {
  try {
    return BackupStatus.parse(await backupAgent.get("/backup/status"));
  } catch (err) {
    if (err instanceof OperatorError) return null;
    throw err;
  }
}

/** Without an engine there are no containers to name, and the rest is still worth telling. */
async function listContainers({ compose, installation, terminal }: Context) {
  const list = (project: string) =>
    compose.list(project).catch((err: unknown): ContainerLine[] => {
      if (!(err instanceof OperatorError)) throw err;
      terminal.say(`The Docker engine does not answer: ${err.message}`);
      return [];
    });
  return { core: await list(installation.coreProject), application: await list(installation.applicationProject) };
}

function readLeftStatus({ installation: { root } }: Context): StatusAnswer | null {
  try {
    return StatusAnswer.parse(JSON.parse(readFileSync(`${root}/var/lib/appliance/status/status.json`, "utf8")));
  } catch (err) {
    if (isSystemError(err, "ENOENT", "EACCES")) return null;
    throw err;
  }
}

function exitCode({ status: answer, source }: Overview): number {
  if (source !== "agent" || !answer) return EXIT.unreachable;
  if (answer.phase === "failed") return EXIT.failed;
  return answer.phase === "ready" ? EXIT.ok : EXIT.notReady;
}

/** The overview as people read it. */
export function describe(
  { status: answer, source, containers, backup }: Overview,
  { installation }: Pick<Context, "installation">,
): string {
  const lines: string[] = [];
  // What was left may say "in service": with everything stopped that is no news but a lie.
  if (source === "files" && containers.length > 0 && containers.every(({ state }) => state !== "running"))
    return ["Nothing is running. Start the appliance with: appliance start", "", ...table(containers)].join("\n");
  if (source === "none")
    lines.push("No agent answers, and none left a status. Start the appliance with: appliance start");
  if (source === "files" && answer)
    lines.push(
      `No agent answers; this is what was left${answer.updatedAt ? ` at ${formatTime(answer.updatedAt)}` : ""}:`,
    );
  if (answer) lines.push(...describeAnswer(answer, installation));
  if (source === "agent" && answer?.phase === "ready") lines.push(`  ${describeBackup(backup)}`);
  if (containers.length > 0) lines.push("", ...table(containers));
  return lines.join("\n");
}

function describeAnswer(answer: StatusAnswer, { httpsPort, root }: Context["installation"]): string[] {
  const lines = [`${answer.phase}: ${answer.headline}`];
  if (answer.domain) lines.push(`  https://${answer.domain}${httpsPort === "443" ? "" : `:${httpsPort}`}/`);
  if (answer.env) lines.push(`  active: ${answer.env.source} (sha256 ${answer.env.sha256.slice(0, 12)})`);
  lines.push(...describePassedOver(answer.passedOver ?? []));
  for (const { name, state, detail } of answer.steps)
    lines.push(`  ${MARK[state] ?? " "} ${name}${detail ? `: ${detail}` : ""}`);
  if (answer.failure) lines.push(formatFailure(answer.failure));
  if (answer.hint) lines.push(`  → ${answer.hint}`);
  // The agent names places as on a host; a checkout has them below a folder.
  if (answer.phase === "unconfigured" && root !== "") lines.push(`  Here /app/env.yml is ${root}/app/env.yml.`);
  return lines;
}

function describeBackup(backup: BackupStatus | null): string {
  return backup === null
    ? "backup: not known, backup-agent does not say → appliance backup status"
    : summarize(backup, new Date());
}

/** Where env.yml was looked for before it was found, or was not found at all. */
export function describePassedOver(places: readonly PassedOver[]): string[] {
  return places.map(({ source, reason }) => `  no env.yml from ${source}: ${reason}`);
}

const MARK: Record<string, string> = { done: "✓", running: "…", failed: "✗", waiting: "·" };

function table(containers: readonly ContainerLine[]): string[] {
  const width = Math.max(...containers.map(({ name }) => name.length));
  return containers.map(({ name, status: state }) => `  ${name.padEnd(width)}  ${state}`);
}
